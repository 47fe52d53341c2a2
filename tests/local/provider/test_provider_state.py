"""How a state is brought up to date: what means the same, what stays secret, what an id tells."""

import json
from typing import Any

import pytest
from pulumi.runtime import rpc

from corral.local.engine import wire
from corral.local.provider.aws import KINDS
from corral.local.provider.comparing import changed, pruned, same
from corral.local.provider.importing import located
from corral.local.provider.kind import Kind, Live
from corral.local.provider.refresh import imported, refreshed
from corral.local.provider.values import comparable, holds_secret
from tests.local.provider import resource_cases as cases

KIND = Kind(
    delete=lambda calls, old: None,
    read=lambda calls, old: Live({}),
    defaults={"timeout": 3, "block": {"on": True}, "rules": [{"prefix": ""}]},
    elsewhere=frozenset({"shared"}),
    secret=frozenset({"password"}),
)


def secret(value: Any) -> dict[str, Any]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def state(**values: Any) -> Any:
    return wire.write(values, set())


@pytest.mark.parametrize(
    ("key", "one", "other", "default"),
    [
        ("policy", '{"b": [1, 2], "a": 1}', '{"a":1,"b":[1,2]}', None),
        ("attributes", [{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}], None),
        ("tags", {"a": "1", "b": "2"}, {"b": "2", "a": "1"}, None),
        ("tags", None, {}, None),
        ("description", "", None, None),
        ("timeout", None, 3, 3),
        ("block", {"size": 1}, {"size": 1, "on": True, "off": None}, {"on": True}),
        ("rules", [{"days": 1}], [{"days": 1, "prefix": ""}], [{"prefix": ""}]),
    ],
)
def test_what_means_the_same(key: str, one: Any, other: Any, default: Any) -> None:
    assert same(key, one, other, default)


@pytest.mark.parametrize(
    ("key", "one", "other", "default"),
    [
        ("policy", '{"a": [1, 2]}', '{"a": [2, 1]}', None),
        ("secretString", '{"a": 1}', '{"a":1}', None),
        ("layers", ["a", "b"], ["b", "a"], None),
        ("tags", {"a": ""}, {}, None),
        ("variables", {"a": ""}, None, None),
        ("isEnabled", False, None, None),
        ("isEnabled", False, None, True),
        ("block", {"on": False}, {}, {"on": True}),
        ("count", 0, None, None),
        ("policy", "not JSON", "{}", None),
    ],
)
def test_what_does_not_mean_the_same(key: str, one: Any, other: Any, default: Any) -> None:
    assert not same(key, one, other, default)


def test_a_value_without_what_aws_sets_anyway() -> None:
    assert pruned({"on": True, "name": "", "none": None, "deep": {"empty": {}}}, {"on": True}) == {"name": ""}
    assert pruned([{"prefix": "", "days": 1}, {"prefix": ""}], [{"prefix": ""}]) == [{"days": 1}, {}]
    assert pruned("", None) is None


def test_a_difference_is_seen_from_what_the_outputs_or_aws_say() -> None:
    assert changed({}, {"timeout": 9}, {"timeout": 9}, KIND.defaults) == {}
    assert changed({}, {}, {"timeout": 3}, KIND.defaults) == {}
    assert changed({"timeout": 3}, {}, {}, KIND.defaults) == {}
    assert changed({"timeout": 9}, {}, {"name": "a"}, KIND.defaults) == {"name": "add", "timeout": "delete"}
    assert changed({"name": "a"}, {}, {"name": "b"}, KIND.defaults) == {"name": "update"}


def test_what_means_the_same_stays_to_the_byte_and_the_rest_is_awss() -> None:
    inputs = state(policy='{"a":  1}', timeout=9, gone="x", mine="y", shared="z")
    properties = state(policy='{"a":  1}', timeout=9, gone="x", mine="y", shared="z", arn="arn")
    told = {"policy": '{"a": 1}', "timeout": 3, "gone": None, "new": "by hand", "shared": "z"}
    after, outputs = refreshed(KIND, inputs, properties, Live(told, {"arn": "another"}))
    expected = {"policy": '{"a":  1}', "timeout": 3, "mine": "y", "shared": "z", "new": "by hand"}
    assert comparable(after) == expected
    assert comparable(outputs) == {**expected, "arn": "another"}
    assert comparable(inputs)["timeout"] == 9  # what was passed is not changed


def test_an_input_not_given_is_compared_with_the_outputs_or_the_default() -> None:
    live = Live({"computed": "a", "timeout": 3, "shared": "someone else's"})
    inputs, properties = refreshed(KIND, state(), state(computed="a"), live)
    assert (comparable(inputs), comparable(properties)) == ({}, {"computed": "a"})
    inputs, properties = refreshed(KIND, state(), state(computed="b"), live)
    assert (comparable(inputs), comparable(properties)) == ({"computed": "a"}, {"computed": "a"})


@pytest.mark.parametrize("held", [secret("old"), {"deep": [secret("old")]}])
def test_what_takes_a_secrets_place_is_a_secret(held: Any) -> None:
    inputs, properties = refreshed(KIND, state(value=held), state(value=held), Live({"value": "new"}))
    for struct in (inputs, properties):
        assert holds_secret(struct.fields["value"])
        assert comparable(struct) == {"value": "new"}
    kept, _ = refreshed(
        KIND, state(value=held), state(value=held), Live({"value": comparable(state(v=held))["v"]})
    )
    assert kept == state(value=held)


def test_an_import_marks_what_is_secret_by_nature() -> None:
    inputs, properties = imported(KIND, Live({"password": "p", "name": "n", "timeout": 3, "shared": "s"}))
    assert comparable(inputs) == {"password": "p", "name": "n"}
    for struct in (inputs, properties):
        assert holds_secret(struct.fields["password"])
        assert not holds_secret(struct.fields["name"])
    assert comparable(properties)["timeout"] == 3


def test_an_imported_secret_value_is_secret(engine: Any) -> None:
    engine.create("aws:secretsmanager/secret:Secret", {"name": "key"})
    token = "aws:secretsmanager/secretVersion:SecretVersion"
    made = engine.create(token, {"secretId": "key", "secretString": secret("s")})
    assert engine.refresh(made) == made
    found = engine.import_(token, made.id)
    assert wire.read(found.inputs).secrets == wire.read(found.properties).secrets == {"secretString"}


@pytest.mark.parametrize(
    ("token", "identifier", "told"),
    [
        ("aws:lambda/permission:Permission", "f:live/s", {"function": "f", "qualifier": "live", "statementId": "s"}),
        ("aws:lambda/permission:Permission", "f/s", {"function": "f", "statementId": "s"}),
        ("aws:s3/bucketObjectv2:BucketObjectv2", "s3://b/k/e:y", {"bucket": "b", "key": "k/e:y"}),
        ("aws:s3/bucketObjectv2:BucketObjectv2", "b/k/e:y", {"bucket": "b", "key": "k/e:y"}),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", f"r/{cases.BOUNDARY}",
         {"role": "r", "policyArn": cases.BOUNDARY}),
        ("aws:s3/bucketVersioning:BucketVersioning", "b,1", {"bucket": "b", "expectedBucketOwner": "1"}),
        ("aws:dynamodb/tableItem:TableItem", "t,1,2", {"tableName": "t", "hash": "1", "range": "2"}),
        ("aws:dynamodb/tableItem:TableItem", "t|h|1", {"tableName": "t", "hashKey": "h", "hash": "1"}),
        ("aws:cloudwatch/logGroup:LogGroup", "/a/b", {"name": "/a/b"}),
    ],
)  # fmt: skip
def test_what_an_id_tells(token: str, identifier: str, told: dict[str, str]) -> None:
    assert located(KINDS[token], token, identifier) == told


def test_an_id_of_the_wrong_form_is_answered_with_the_right_one() -> None:
    token = "aws:iam/rolePolicy:RolePolicy"
    with pytest.raises(ValueError, match=f"^the id of {token} is ROLE:NAME, not 'worker'$"):
        located(KINDS[token], token, "worker")
    token = "aws:lambda/permission:Permission"
    with pytest.raises(
        ValueError, match=r"is FUNCTION:QUALIFIER/STATEMENTID or FUNCTION/STATEMENTID, not 's'$"
    ):
        located(KINDS[token], token, "s")


def test_a_resource_of_another_program_is_read_with_what_the_program_says(engine: Any, client: Any) -> None:
    token = "aws:iam/role:Role"
    client("iam").create_role(RoleName="theirs", AssumeRolePolicyDocument=cases.TRUST, Description="d")
    found = engine.import_(token, "theirs")
    assert json.loads(found.outputs["assumeRolePolicy"]) == json.loads(cases.TRUST)
    assert found.outputs["arn"].endswith(":role/theirs")
    assert "maxSessionDuration" not in comparable(found.inputs)
