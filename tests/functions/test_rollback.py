"""Rolling back, as the override function does it: what is written, moved and recorded, and what is refused.

Tools stand for all: moto has their aliases. Agents are rolled back on the served local AWS.
"""

import io
import json
import zipfile
from typing import Any

import pytest

from functions.common import aws
from functions.override.handler import handler
from functions.override.targets import Version, differences
from functions.override.versions import Move, Now
from tests.functions.conftest import boto3_client, create_table

Platform = Any  # what conftest's fixtures return
Broken = Any
STS = "arn:aws:sts::123456789012:assumed-role"
LEAD, OPERATOR = f"{STS}/corral-dev-operator/lee", f"{STS}/corral-dev-team-support-operator/alice"
FUNCTION, TOOL = "corral-dev-tool-refund-issue", "tool:refund-issue"


@pytest.fixture(autouse=True)
def versions(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A tool with three versions, of which the third is served; returns the table of versions."""
    monkeypatch.setenv("VERSIONS_TABLE", "versions")
    monkeypatch.setenv(
        "GUARDRAILS", json.dumps({"standard": "arn:aws:bedrock:eu-west-1:123456789012:guardrail/g1"})
    )
    iam = boto3_client("iam")
    for name, path in (("corral-dev-operator", "platform"), ("corral-dev-team-support-operator", "support")):
        iam.create_role(RoleName=name, Path=f"/corral/dev/{path}/", AssumeRolePolicyDocument="{}")
    role = iam.create_role(RoleName="tool", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions = boto3_client("lambda")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("handler.py", "")
    functions.create_function(
        FunctionName=FUNCTION,
        Runtime="python3.13",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    for seconds in (3, 4, 5):
        functions.update_function_configuration(FunctionName=FUNCTION, Timeout=seconds)
        functions.publish_version(FunctionName=FUNCTION)
    functions.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="3")
    aws.client.cache_clear()
    return create_table("versions", "of")


def ask(context: Any, query: dict[str, str] | None = None, body: Any = None, by: str = LEAD) -> Any:
    event = {
        "rawPath": "/v1/versions" if body is None else "/v1/rollbacks",
        "requestContext": {
            "http": {"method": "GET" if body is None else "POST"},
            "authorizer": {"iam": {"userArn": by}},
        },
        "queryStringParameters": query or {},
        "body": body if isinstance(body, str) else json.dumps(body),
    }
    answer = handler(event, context)
    return answer["statusCode"], json.loads(answer["body"])


def move(context: Any, version: str, serving: str = "3", **more: str) -> Any:
    return ask(
        context,
        None,
        {"target": TOOL, "version": version, "serving": serving, "reason": "pays twice", **more},
    )


def served() -> str:
    return str(boto3_client("lambda").get_alias(FunctionName=FUNCTION, Name="live")["FunctionVersion"])


def held(versions: Any) -> Any:
    item = versions.get_item(Key={"of": "held"}).get("Item", {})
    return {target: hold for target, hold in item.items() if target != "of"}


def test_back_and_forth_with_who_when_and_why(platform: Platform, context: Any, versions: Any) -> None:
    status, seen = ask(context, {"target": TOOL})
    assert (status, seen["serving"], seen["previous"], seen["held"]) == (200, "3", "2", None)
    assert {"what": "Timeout", "now": "5", "then": "4"} in seen["changes"]
    status, said = move(context, "1")
    assert (status, said["serving"], served()) == (200, "1", "1")
    hold = held(versions)[TOOL]
    assert (hold["version"], hold["by"], hold["reason"]) == ("1", LEAD, "pays twice")
    assert hold["arn"].endswith(f":function:{FUNCTION}")
    assert move(context, "2", "1")[0] == 200
    status, said = move(context, "newest", "2", reason="mended")
    assert (status, served(), held(versions), said["held"]) == (200, "3", {}, None)
    records = [r for r in platform.records() if r["event"] == "rollback"]
    assert [
        (r["decision"], r["from_version"], r["to_version"], r["reason"], r["tool"], r["actor"])
        for r in records
    ] == [
        ("rolled back", "3", "1", "pays twice", "refund-issue", LEAD),
        ("rolled back", "1", "2", "pays twice", "refund-issue", LEAD),
        ("lifted", "2", "3", "mended", "refund-issue", LEAD),
    ]
    times = {each["number"]: each["served"] for each in said["versions"]}
    assert [len(times[number]) for number in ("1", "2", "3")] == [2, 2, 2]
    assert times["3"][-1][1] is None


@pytest.mark.parametrize(
    ("version", "serving", "status", "code"),
    [
        ("9", "3", 404, "unknown_version"),
        ("1", "2", 409, "changed_meanwhile"),
        ("3", "3", 409, "already_there"),
        ("newest", "3", 409, "already_there"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    platform: Platform, context: Any, versions: Any, version: str, serving: str, status: int, code: str
) -> None:
    assert move(context, version, serving)[0] == status
    assert move(context, version, serving)[1]["error"]["code"] == code
    assert (served(), held(versions), platform.records()) == ("3", {}, [])


@pytest.mark.parametrize("serving", ["3", "2"], ids=["nothing held", "something held"])
def test_of_two_at_once_one_is_told(
    platform: Platform, context: Any, versions: Any, monkeypatch: pytest.MonkeyPatch, serving: str
) -> None:
    if serving == "2":
        assert move(context, "2")[0] == 200
    client = aws.table("versions").meta.client
    write = client.transact_write_items

    def overtaken(**arguments: Any) -> Any:
        monkeypatch.setattr(client, "transact_write_items", write)
        assert move(context, "1", serving, reason="I was first")[0] == 200
        return write(**arguments)

    monkeypatch.setattr(client, "transact_write_items", overtaken)
    last = "1" if serving == "2" else "2"
    assert move(context, last, serving)[1]["error"]["code"] == "changed_meanwhile"
    assert (served(), held(versions)[TOOL]["reason"]) == ("1", "I was first")


@pytest.mark.control("fail-closed")
def test_without_a_record_it_goes_back_all_the_same_and_not_forward(
    platform: Platform, context: Any, versions: Any, broken: Broken
) -> None:
    mend = broken(aws.client("firehose"), "PutRecord", "ServiceUnavailableException")
    status, said = move(context, "1")
    assert (status, said["error"]["code"], served()) == (502, "not_recorded", "1")
    assert f"{TOOL} is rolled back, and that is not on record" in said["error"]["message"]
    status, said = move(context, "newest", "1")
    assert (status, served(), held(versions)[TOOL]["version"]) == (502, "1", "1")
    assert "Nothing is changed" in said["error"]["message"]
    mend()
    assert move(context, "1", "1")[0] == 200, "doing it again puts it on record"
    assert [r["to_version"] for r in platform.records()] == ["1"]


def test_what_cannot_be_moved_is_not_held(
    platform: Platform, context: Any, versions: Any, broken: Broken
) -> None:
    broken(aws.client("lambda"), "UpdateAlias", "TooManyRequestsException")
    status, said = move(context, "1")
    assert (status, said["error"]["code"]) == (502, "unavailable")
    assert (served(), held(versions), platform.records()) == ("3", {}, [])


@pytest.mark.parametrize(
    ("service", "operation"), [("lambda", "ListVersionsByFunction"), ("lambda", "GetAlias")]
)
def test_what_cannot_be_looked_up_is_said(context: Any, broken: Broken, service: str, operation: str) -> None:
    broken(aws.client(service), operation, "ServiceException")
    for status, said in (ask(context, {"target": TOOL}), move(context, "1")):
        assert (status, "ServiceException" in said["error"]["message"]) == (502, True)


def test_a_version_that_needs_what_was_replaced_is_refused(
    platform: Platform, context: Any, versions: Any
) -> None:
    role = boto3_client("iam").create_role(RoleName="other", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    boto3_client("lambda").update_function_configuration(FunctionName=FUNCTION, Role=role)
    boto3_client("lambda").publish_version(FunctionName=FUNCTION)
    status, said = move(context, "2")
    assert (status, said["error"]["code"]) == (409, "no_longer_whole")
    assert "role/tool" in said["error"]["message"]
    assert (served(), held(versions), platform.records()) == ("3", {}, [])


def test_what_was_there_before_under_the_name_holds_nothing(context: Any, versions: Any) -> None:
    gone = {
        "version": "1",
        "arn": "arn:aws:lambda:::function:gone",
        "by": "b",
        "at": "a",
        "reason": "r",
        "id": "i",
    }
    versions.put_item(Item={"of": "held", TOOL: gone})
    assert ask(context, {"target": TOOL})[1]["held"] is None
    assert move(context, "2")[0] == 200
    assert held(versions)[TOOL]["version"] == "2"


@pytest.mark.control("team-isolation")
@pytest.mark.parametrize("target", ["sales/scout", TOOL, "guardrail:standard", "supportive/helpdesk"])
def test_a_teams_operators_move_their_own_agents(context: Any, target: str) -> None:
    body = {"target": target, "version": "1", "serving": "3", "reason": "malice"}
    for status, said in (ask(context, {"target": target}, by=OPERATOR), ask(context, None, body, OPERATOR)):
        assert (status, said["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ({"target": TOOL, "version": "1", "serving": "3"}, 400),
        ({"target": TOOL, "version": 1, "serving": "3", "reason": "why"}, 400),
        ({"target": TOOL, "version": "1", "serving": "3", "reason": " "}, 400),
        ({"target": TOOL, "version": "1", "serving": "3", "reason": "why", "by": "bob"}, 400),
        ({"target": "refund-issue", "version": "1", "serving": "3", "reason": "why"}, 400),
        ({"target": "tool:refund-isue", "version": "1", "serving": "3", "reason": "why"}, 404),
        ({"target": "guardrail:lax", "version": "1", "serving": "3", "reason": "why"}, 404),
        ({"target": "support/helpdesq", "version": "1", "serving": "3", "reason": "why"}, 404),
        ({"target": "legal/review", "version": "1", "serving": "3", "reason": "why"}, 404),
        ("x" * 17000, 413),
    ],
)
def test_what_is_not_understood_is_said(context: Any, body: Any, status: int) -> None:
    answered, said = ask(context, None, body)
    assert (answered, bool(said["error"]["message"])) == (status, True)
    assert ask(context, {"target": TOOL, "by": "me"})[0] == 400
    assert ask(context, {})[0] == 400


def test_what_was_served_when() -> None:
    """Two versions, the first again, a third made meanwhile and not served, then lifted."""
    made = [Version("1", "01"), Version("2", "02"), Version("3", "04")]
    moves = [Move("1", "03", "by", "why", False), Move("3", "05", "by", "why", True)]
    now = Now(made, "3", None, moves)
    assert now.periods == [("1", "01", "02"), ("2", "02", "03"), ("1", "03", "05"), ("3", "05", None)]
    assert now.previous == "1"
    assert Now(made[:1], "1", None, []).previous is None


def test_differences_name_each_place() -> None:
    before = {"prompt": [{"text": "a"}], "tools": ["x", "y"], "limit": 3, "status": "READY"}
    after = {"prompt": [{"text": "b"}], "tools": ["x"], "limit": 3, "status": "OLD"}
    assert differences(before, after) == [
        {"what": "prompt[0].text", "now": "a", "then": "b"},
        {"what": "tools", "now": '["x", "y"]', "then": '["x"]'},
    ]
