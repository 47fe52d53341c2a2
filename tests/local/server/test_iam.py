"""The evaluator of IAM policies, statement by statement."""

from typing import Any

import pytest

from corral.local.server import iam
from corral.local.server.core import AwsError

ROLE = "arn:aws:iam::111122223333:role/corral/dev/agent"
SESSION = "arn:aws:sts::111122223333:assumed-role/agent/s"
TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/orders"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE} | elements


def deny(**elements: Any) -> dict[str, Any]:
    return allow(**elements) | {"Effect": "Deny"}


def effect(
    statement: dict[str, Any], action: str = "dynamodb:GetItem", resource: str = TABLE, **context: Any
) -> Any:
    keys = {name.replace("__", ":", 1): value for name, value in context.items()}
    return iam.evaluate([document(statement)], iam.Request(action, resource, keys))


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("dynamodb:GetItem", True),
        ("dynamodb:getitem", True),
        ("dynamodb:*", True),
        ("*", True),
        ("dynamodb:Get*", True),
        ("dynamodb:Get?tem", True),
        ("dynamodb:Get", False),
        ("dynamodb:GetItems", False),
        ("s3:*", False),
        (["s3:*", "dynamodb:Get*"], True),
    ],
)
def test_actions(pattern: Any, matches: bool) -> None:
    assert (effect(allow(Action=pattern)) == "Allow") is matches


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        (TABLE, TABLE, True),
        ("*", TABLE, True),
        (TABLE.replace("orders", "ord*"), TABLE, True),
        (TABLE, TABLE.replace("orders", "Orders"), False),
        (TABLE, TABLE + "/index/x", False),
        (TABLE + "/index/*", TABLE + "/index/x", True),
        ("arn:aws:dynamodb:*:111122223333:table/orders", TABLE, True),
        ("arn:aws:dynamodb:*:table/orders", TABLE, False),
        ("arn:aws:s3:::*", "arn:aws:s3:::bucket/key", True),
        ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket/key", False),
        ("arn:aws:lambda:us-east-1:1:function:f", "arn:aws:lambda:us-east-1:1:function:f:live", False),
        ("arn:aws:lambda:us-east-1:1:function:f:*", "arn:aws:lambda:us-east-1:1:function:f:live", True),
        ("arn:aws:s3:::a[b]*", "arn:aws:s3:::a[b]c", True),
        (TABLE, "*", False),
    ],
)
def test_resources(pattern: str, resource: str, matches: bool) -> None:
    assert (effect(allow(Resource=pattern), resource=resource) == "Allow") is matches


def test_not_action_and_not_resource() -> None:
    statement = {"Effect": "Allow", "NotAction": "s3:*", "NotResource": TABLE + "x"}
    assert effect(statement) == "Allow"
    assert effect(statement, action="s3:GetObject") is None
    assert effect(statement, resource=TABLE + "x") is None


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringEquals": {"k:a": "x"}}, {"k__a": "x"}, True),
        ({"StringEquals": {"K:A": ["w", "x"]}}, {"k__a": "x"}, True),
        ({"StringEquals": {"k:a": "x"}}, {"k__a": "X"}, False),
        ({"StringEquals": {"k:a": "x*"}}, {"k__a": "xy"}, False),
        ({"StringEquals": {"k:a": "x"}}, {}, False),
        ({"StringEqualsIfExists": {"k:a": "x"}}, {}, True),
        ({"StringEqualsIfExists": {"k:a": "x"}}, {"k__a": "y"}, False),
        ({"StringNotEquals": {"k:a": "x"}}, {}, True),
        ({"StringNotEquals": {"k:a": ["x", "y"]}}, {"k__a": "y"}, False),
        ({"StringEqualsIgnoreCase": {"k:a": "x"}}, {"k__a": "X"}, True),
        ({"StringLike": {"k:a": "x*y?"}}, {"k__a": "x--yz"}, True),
        ({"StringNotLike": {"k:a": "x*"}}, {"k__a": "xy"}, False),
        ({"ArnLike": {"k:a": "arn:aws:s3:::b/*"}}, {"k__a": "arn:aws:s3:::b/c"}, True),
        ({"ArnEquals": {"k:a": "arn:aws:*:::b"}}, {"k__a": "arn:aws:s3:::b"}, True),
        ({"ArnNotLike": {"k:a": "arn:aws:s3:::b/*"}}, {"k__a": "arn:aws:s3:::c/c"}, True),
        ({"Bool": {"k:a": True}}, {"k__a": "true"}, True),
        ({"Bool": {"k:a": "false"}}, {"k__a": True}, False),
        ({"Null": {"k:a": "true"}}, {}, True),
        ({"Null": {"k:a": False}}, {}, False),
        ({"NumericLessThanEquals": {"k:a": "5"}}, {"k__a": 5}, True),
        ({"NumericGreaterThan": {"k:a": 5}}, {"k__a": "5.0"}, False),
        ({"NumericEquals": {"k:a": "5"}}, {"k__a": "five"}, False),
        ({"DateLessThan": {"k:a": "2030-01-01T00:00:00Z"}}, {"k__a": "2029-01-01T00:00:00Z"}, True),
        ({"IpAddress": {"k:a": "127.0.0.0/8"}}, {"k__a": "127.0.0.1"}, True),
        ({"NotIpAddress": {"k:a": "127.0.0.0/8"}}, {"k__a": "127.0.0.1"}, False),
        ({"ForAnyValue:StringEquals": {"k:a": ["x"]}}, {"k__a": ["w", "x"]}, True),
        ({"ForAnyValue:StringEquals": {"k:a": ["x"]}}, {}, False),
        ({"ForAllValues:StringEquals": {"k:a": ["x"]}}, {"k__a": ["w", "x"]}, False),
        ({"ForAllValues:StringEquals": {"k:a": ["x"]}}, {}, True),
        ({"StringEquals": {"k:a": "x"}, "Bool": {"k:b": "true"}}, {"k__a": "x", "k__b": "false"}, False),
    ],
)
def test_conditions(condition: dict, context: dict, holds: bool) -> None:
    assert (effect(allow(Condition=condition), **context) == "Allow") is holds


def test_an_operator_it_lacks_is_not_guessed() -> None:
    with pytest.raises(AwsError) as error:
        effect(allow(Condition={"BinaryEquals": {"k:a": "x"}}), k__a="x")
    assert error.value.status == 501


@pytest.mark.parametrize(
    ("resource", "value", "matches"),
    [
        ("arn:aws:s3:::b/${aws:PrincipalTag/team}/*", "support", True),
        ("arn:aws:s3:::b/${aws:PrincipalTag/team}/*", "sales", False),
        ("arn:aws:s3:::b/${aws:PrincipalTag/team}/*", "*", False),
        ("arn:aws:s3:::b/${aws:PrincipalTag/team}/*", None, False),
        ("arn:aws:s3:::b/${aws:PrincipalTag/team, 'support'}/*", None, True),
    ],
)
def test_policy_variables(resource: str, value: str | None, matches: bool) -> None:
    context = {} if value is None else {"aws__PrincipalTag/team": value}
    found = effect(allow(Resource=resource), resource="arn:aws:s3:::b/support/x", **context)
    assert (found == "Allow") is matches


@pytest.mark.parametrize(
    ("element", "matches"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ROLE}, True),
        ({"AWS": [SESSION]}, True),
        ({"AWS": "111122223333"}, True),
        ({"AWS": "arn:aws:iam::111122223333:root"}, True),
        ({"AWS": "arn:aws:iam::999999999999:root"}, False),
        ({"Service": "lambda.amazonaws.com"}, False),
        (None, False),
    ],
)
def test_principals(element: Any, matches: bool) -> None:
    principal = iam.Principal((SESSION, ROLE), "111122223333")
    statement = allow() | ({"Principal": element} if element is not None else {})
    found = iam.evaluate([document(statement)], iam.Request("dynamodb:GetItem", TABLE), principal)
    assert (found == "Allow") is matches


def test_not_principal() -> None:
    statement = allow() | {"NotPrincipal": {"AWS": ROLE}}
    request = iam.Request("dynamodb:GetItem", TABLE)
    assert iam.evaluate([document(statement)], request, iam.Principal((ROLE,))) is None
    assert iam.evaluate([document(statement)], request, iam.Principal(("other",))) == "Allow"


REQUEST = iam.Request("dynamodb:GetItem", TABLE)
NOBODY = iam.Principal()


@pytest.mark.parametrize(
    ("policies", "resource_policy", "reason"),
    [
        (iam.Policies((document(allow()),)), None, None),
        (iam.Policies(), None, "no identity-based policy allows the dynamodb:GetItem action"),
        (iam.Policies((document(allow(), deny()),)), None, "explicit deny in an identity-based policy"),
        (iam.Policies((document(allow()),), boundary=document()), None, "no permissions boundary allows"),
        (iam.Policies((document(allow()),), boundary=document(allow(Action="*"))), None, None),
        (
            iam.Policies((document(allow()),), boundary=document(allow(Action="*"), deny())),
            None,
            "explicit deny in a permissions boundary",
        ),
        (iam.Policies((document(),), boundary=document(allow(Action="*"))), None, "no identity-based policy"),
        (iam.Policies((document(allow()),), session=document()), None, "no session policy allows"),
        (iam.Policies(), document(allow() | {"Principal": "*"}), None),
        (
            iam.Policies((document(allow()),)),
            document(deny() | {"Principal": "*"}),
            "explicit deny in a resource-based policy",
        ),
    ],
)
def test_decision(policies: iam.Policies, resource_policy: Any, reason: str | None) -> None:
    found = iam.denial(REQUEST, policies, resource_policy, NOBODY)
    assert found is None if reason is None else reason in str(found)


def test_a_statement_that_is_no_list_and_a_policy_that_is_no_json() -> None:
    assert iam.evaluate([{"Statement": allow()}], REQUEST) == "Allow"
    for text in ("{", "[]"):
        with pytest.raises(AwsError, match="MalformedPolicyDocument"):
            iam.parse(text)
