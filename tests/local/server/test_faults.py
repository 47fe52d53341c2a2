"""Faults to order: exactly the calls that are meant fail or wait, as often as was said."""

import json
import time
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from tests.local.server.conftest import Server, code_of


def order(server: Server, *faults: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    body = json.dumps({"faults": faults})
    answer = urllib3.request("PUT", f"{server.endpoint}/_corral/faults", body=body)
    return answer.status, answer.json()


@pytest.fixture(autouse=True)
def _none_left(server: Server) -> Any:
    yield
    order(server)


def test_a_call_fails_as_often_as_ordered(server: Server) -> None:
    sns = server.client("sns")
    fault = {
        "service": "sns",
        "operation": "CreateTopic",
        "code": "AuthorizationError",
        "message": "no",
        "times": 2,
    }
    assert order(server, fault) == (200, {"left": 2})
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            sns.create_topic(Name="faulty")
        assert code_of(refused) == "AuthorizationError"
        assert refused.value.response["Error"]["Message"] == "no"
    assert urllib3.request("GET", f"{server.endpoint}/_corral/faults").json() == {"left": 0}
    assert sns.create_topic(Name="faulty")["TopicArn"].endswith(":faulty")


def test_other_calls_are_left_alone(server: Server) -> None:
    sns, sqs = server.client("sns"), server.client("sqs")
    order(server, {"service": "sns", "operation": "CreateTopic", "code": "X", "contains": "just-this"})
    sns.list_topics()
    sqs.create_queue(QueueName="just-this")
    sns.create_topic(Name="not-that")
    with pytest.raises(ClientError):
        sns.create_topic(Name="just-this")


def test_a_call_of_ours_fails_as_one_of_moto_does(server: Server) -> None:
    control = server.client("cloudcontrol")
    wanted = {"TypeName": "AWS::BedrockAgentCore::PolicyEngine", "DesiredState": '{"Name": "faulty"}'}
    order(
        server,
        {
            "service": "cloudcontrol",
            "operation": "CreateResource",
            "code": "GeneralServiceException",
            "contains": "PolicyEngine",
        },
    )
    with pytest.raises(ClientError) as refused:
        control.create_resource(**wanted)
    assert code_of(refused) == "GeneralServiceException"
    assert control.create_resource(**wanted)["ProgressEvent"]["OperationStatus"]


def test_a_bucket_s_calls_are_told_apart_by_path(server: Server) -> None:
    s3 = server.client("s3")
    order(
        server,
        {
            "service": "s3",
            "operation": "CreateBucket",
            "code": "AccessDenied",
            "status": 403,
            "contains": "faulty-one",
        },
    )
    s3.create_bucket(Bucket="faulty-two")
    with pytest.raises(ClientError):
        s3.create_bucket(Bucket="faulty-one")


def test_a_fault_without_a_code_only_takes_time(server: Server) -> None:
    order(server, {"service": "sns", "operation": "ListTopics", "seconds": 0.5})
    started = time.monotonic()
    server.client("sns").list_topics()
    assert time.monotonic() - started >= 0.5


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"service": "sns"}, "operation"),
        ({"service": "sns", "operation": "ListTopics", "color": "red"}, "a fault has no color"),
        ({"service": "sns", "operation": "ListTopics", "times": "two"}, "times cannot be 'two'"),
        ({"service": "sns", "operation": "ListTopics", "times": True}, "times cannot be True"),
    ],
)
def test_an_order_that_cannot_be_is_refused(server: Server, fault: dict[str, Any], said: str) -> None:
    status, answer = order(server, fault)
    assert status == 400
    assert said in answer["error"]


def test_who_asks_at_a_door_that_is_not_there_is_told_of_these(server: Server) -> None:
    answer = urllib3.request("POST", f"{server.endpoint}/_corral/nothing")
    assert answer.status == 404
    assert "GET /_corral/faults, " in answer.json()["error"]
    assert "PUT /_corral/faults" in answer.json()["error"]
