"""The check of call parameters against botocore's models."""

import botocore.session
import pytest

from corral.local.engine.calls import Calls
from corral.local.engine.host import _SERVICES
from corral.local.engine.model import Credentials, EngineError
from corral.local.engine.parameters import compiled, problems

SESSION = botocore.session.get_session()


def found(service: str, operation: str, **parameters: object) -> list[str]:
    shape = SESSION.get_service_model(service).operation_model(operation).input_shape
    return list(problems(shape, parameters))


def role(**more: object) -> list[str]:
    return found("iam", "CreateRole", **{"RoleName": "r", "AssumeRolePolicyDocument": "{}", **more})


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"RoleName": "with space"}, r"RoleName: 'with space' does not match [\w+=,.@-]+"),
        ({"RoleName": "é"}, r"RoleName: 'é' does not match [\w+=,.@-]+"),
        ({"RoleName": "r\n"}, "RoleName: 'r\\n' does not match"),
        ({"RoleName": ""}, "RoleName: has 0 characters, at least 1 are needed"),
        ({"RoleName": "r" * 65}, "RoleName: has 65 characters, at most 64 are allowed"),
        ({"MaxSessionDuration": 1}, "MaxSessionDuration: 1 is less than 3600"),
        ({"MaxSessionDuration": 99999}, "MaxSessionDuration: 99999 is more than 43200"),
        ({"MaxSessionDuration": "3600"}, "MaxSessionDuration: expected a integer, got str '3600'"),
        ({"MaxSessionDuration": True}, "MaxSessionDuration: expected a integer, got bool True"),
        ({"Tags": [{"Key": "k"}]}, "Tags[0].Value: is required"),
        ({"Tags": [{"Key": "k", "Value": "v"}] * 51}, "Tags: has 51 items, at most 50 are allowed"),
        ({"Name": "r"}, "Name: no such parameter; there are AssumeRolePolicyDocument"),
    ],
)
def test_what_aws_would_refuse_is_found(more, expected):
    first, *_ = role(**more)
    assert first.startswith(expected)


def test_good_parameters_pass():
    assert role(Tags=[{"Key": "Größe", "Value": "π"}], MaxSessionDuration=3600) == []
    assert found("sqs", "CreateQueue", QueueName="q", Attributes={"VisibilityTimeout": "5"}) == []
    assert found("glue", "GetDatabase", Name="sales 💶") == []


def test_enums_unions_and_map_keys_are_checked():
    (problem,) = found("lambda", "CreateFunctionUrlConfig", FunctionName="f", AuthType="OPEN")
    assert problem == "AuthType: 'OPEN' is not one of NONE, AWS_IAM"
    (problem,) = found("sqs", "CreateQueue", QueueName="q", Attributes={"Visibility": "5"})
    assert problem.startswith("Attributes.Visibility (key): 'Visibility' is not one of")


def test_secret_parameters_are_not_shown():
    (problem,) = found("secretsmanager", "PutSecretValue", SecretId="s", SecretString=["hunter2"])
    assert problem == "SecretString: expected a string, got list [secret]"


@pytest.mark.parametrize("service", _SERVICES)
def test_every_pattern_of_the_services_in_use_compiles(service):
    model = SESSION.get_service_model(service)
    patterns = {model.shape_for(name).metadata.get("pattern") for name in model.shape_names} - {None}
    for pattern in patterns:
        compiled(pattern)


def test_all_problems_are_told_at_once_and_nothing_is_sent():
    calls = Calls("http://127.0.0.1:1", Credentials("a", "b"), "us-east-1", "123456789012")
    with pytest.raises(EngineError) as caught:
        calls("iam", "create_role", RoleName="é", Path="nowhere", Description=None)
    assert str(caught.value).startswith("iam CreateRole would refuse AssumeRolePolicyDocument: is required; ")
    assert "RoleName: " in str(caught.value)
    assert "Path: " in str(caught.value)
    with pytest.raises(EngineError, match="iam ListRoles: Could not connect"):
        calls("iam", "list_roles")


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("eu-west-1", "arn:aws:sqs:eu-west-1:123456789012:q"),
        ("cn-north-1", "arn:aws-cn:sqs:cn-north-1:123456789012:q"),
        ("us-gov-west-1", "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:q"),
    ],
)
def test_arns_are_of_the_regions_partition(region, arn):
    calls = Calls("http://127.0.0.1:1", Credentials("a", "b"), region, "123456789012")
    assert calls.arn("sqs", "q") == arn
