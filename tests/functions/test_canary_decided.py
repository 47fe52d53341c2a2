"""Deciding on a canary, as the override function does it: what is written, moved and recorded, and what is refused.

AgentCore's part is a stand-in at the wire: moto has no harnesses. A real one is tried on the served local AWS.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from functions.common import aws
from functions.override.handler import handler
from functions.override.targets import Beside, Version
from functions.override.versions import Move, Now
from tests.functions.conftest import boto3_client, create_table

Platform = Any
Broken = Any
LEAD = "arn:aws:sts::123456789012:assumed-role/corral-dev-operator/lee"
AGENT = "support/helpdesk"
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


class Harness:
    """AgentCore: one harness of three versions, its endpoints, and what was asked of them in order."""

    def __init__(self) -> None:
        self.serves = {"live": "2", "canary": "3"}
        self.done: list[str] = []
        self.breaks = ""

    def answer(self, model: Any, params: dict[str, Any], **_: Any) -> Any:
        asked = json.loads(params["body"]) if params["body"] else {}
        path = params["url_path"].strip("/").split("/")
        if model.name == "GetHarness":
            number = params["query_string"].get("harnessVersion", "3")
            at = BEGAN + timedelta(days=int(number))
            return _ok({"harness": {"harnessVersion": number, "createdAt": at, "updatedAt": at}})
        name = path[-1]
        if model.name == "UpdateHarnessEndpoint":
            if self.breaks == name:
                self.breaks = ""
                return SimpleNamespace(status_code=500, headers={}), {
                    "Error": {"Code": "InternalServerException", "Message": "down"},
                    "ResponseMetadata": {"HTTPStatusCode": 500},
                }
            self.serves[name] = asked["targetVersion"]
            self.done.append(f"{name} {asked['targetVersion']}")
        endpoint = {
            "liveVersion": self.serves[name],
            "status": "READY",
            "createdAt": BEGAN + timedelta(days=1, hours=1),
            "updatedAt": BEGAN + timedelta(days=3, minutes=1),
        }
        return _ok({"endpoint": endpoint})


def _ok(said: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return SimpleNamespace(status_code=200, headers={}), {**said, "ResponseMetadata": {"HTTPStatusCode": 200}}


@pytest.fixture(autouse=True)
def harness(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harness]:
    monkeypatch.setenv("VERSIONS_TABLE", "versions")
    monkeypatch.setenv("GUARDRAILS", "{}")
    create_table("versions", "of")
    boto3_client("iam").create_role(
        RoleName="corral-dev-operator", Path="/corral/dev/platform/", AssumeRolePolicyDocument="{}"
    )
    platform.agents.put_item(Item={**platform.config, "canary": '{"share": 10, "hours": 24, "at_least": 50}'})
    aws.client.cache_clear()
    made = Harness()
    events = aws.client("bedrock-agentcore-control").meta.events
    events.register("before-call.bedrock-agentcore-control", made.answer)
    yield made
    aws.client.cache_clear()


def seen(context: Any, method: str = "GET", body: Any = None, target: str = AGENT) -> Any:
    event = {
        "rawPath": "/v1/canaries",
        "requestContext": {"http": {"method": method}, "authorizer": {"iam": {"userArn": LEAD}}},
        "queryStringParameters": {"target": target},
        "body": json.dumps(body),
    }
    answer = handler(event, context)
    return answer["statusCode"], json.loads(answer["body"])


def decided(context: Any, decision: str, candidate: str = "3", target: str = AGENT) -> Any:
    body = {"target": target, "candidate": candidate, "decision": decision, "reason": "as it looks"}
    return seen(context, "POST", body)


def entry() -> Any:
    return aws.table("versions").get_item(Key={"of": "held"}).get("Item", {}).get(f"canary:{AGENT}")


def records(platform: Platform) -> list[tuple[str, str, str]]:
    return [
        (r["decision"], r["from_version"], r["to_version"])
        for r in platform.records()
        if r["event"] == "rollback"
    ]


def test_how_it_stands(context: Any) -> None:
    status, said = seen(context)
    assert (status, said["serving"], said["candidate"]) == (200, "2", "3")
    assert said["since"].startswith("2026-11-04T00:01"), "since the endpoint is there, not since it was made"
    assert said["wanted"] == {"share": 10, "hours": 24, "at_least": 50}
    assert (said["held"], said["last"]) == (False, None)


def test_kept(platform: Platform, context: Any, harness: Harness) -> None:
    status, said = decided(context, "keep")
    assert (status, said["serving"], said["candidate"]) == (200, "3", None)
    assert harness.done == ["live 3"]
    assert (entry()["version"], entry()["refused"]) == ("3", "")
    assert records(platform) == [("canary kept", "2", "3")]
    assert decided(context, "keep")[1]["error"]["message"] == f"{AGENT} tries nothing, not 3: look again."


def test_back(platform: Platform, context: Any, harness: Harness) -> None:
    status, said = decided(context, "back")
    assert (status, said["serving"], said["candidate"]) == (200, "2", None)
    assert harness.done == ["canary 2"]
    assert (entry()["version"], entry()["refused"]) == ("2", "3")
    assert said["last"]["refused"] == "3"
    assert records(platform) == [("canary back", "3", "2")]


@pytest.mark.control("fail-closed")
def test_without_a_record_it_goes_back_all_the_same_and_is_not_kept(
    platform: Platform, context: Any, harness: Harness, broken: Broken
) -> None:
    mend = broken(aws.client("firehose"), "PutRecord", "ServiceUnavailableException")
    assert decided(context, "keep")[1]["error"]["code"] == "not_recorded"
    assert (harness.done, entry()) == ([], None)
    status, said = decided(context, "back")
    assert (status, said["error"]["code"]) == (502, "not_recorded")
    assert (harness.done, entry()["refused"]) == (["canary 2"], "3")
    mend()
    assert decided(context, "back")[0] == 200
    assert (harness.done, records(platform)) == (["canary 2"], [("canary back", "3", "2")])


@pytest.mark.parametrize(("decision", "endpoint"), [("keep", "live"), ("back", "canary")])
def test_what_did_not_move_is_moved_by_deciding_again(
    platform: Platform, context: Any, harness: Harness, decision: str, endpoint: str
) -> None:
    harness.breaks = endpoint
    status, said = decided(context, decision)
    assert (status, said["error"]["code"], harness.done) == (502, "unavailable", [])
    assert decided(context, decision)[0] == 200
    assert len(harness.done) == 1
    assert seen(context)[1]["candidate"] is None


def test_somebody_was_sooner(context: Any, harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    client = aws.table("versions").meta.client
    write = client.transact_write_items

    def overtaken(**arguments: Any) -> Any:
        monkeypatch.setattr(client, "transact_write_items", write)
        assert decided(context, "back")[0] == 200
        return write(**arguments)

    monkeypatch.setattr(client, "transact_write_items", overtaken)
    assert decided(context, "keep")[1]["error"]["code"] == "changed_meanwhile"
    assert (harness.serves, entry()["refused"]) == ({"live": "2", "canary": "2"}, "3")


@pytest.mark.parametrize(
    ("method", "body", "target", "status", "said"),
    [
        ("GET", None, "support/desk", 404, "has no agent desk"),
        ("GET", None, "guardrail:standard", 404, "no guardrail"),
        ("PUT", None, AGENT, 404, "GET and POST /v1/canaries"),
        ("POST", {"decision": "keep"}, AGENT, 400, "candidate is missing"),
        (
            "POST",
            {"target": AGENT, "candidate": "3", "decision": "hold", "reason": "why"},
            AGENT,
            400,
            "keep or back",
        ),
        (
            "POST",
            {"target": AGENT, "candidate": "2", "decision": "keep", "reason": "why"},
            AGENT,
            409,
            "tries version 3, not 2",
        ),
    ],
)
def test_what_does_not_fit_changes_nothing(
    context: Any, harness: Harness, method: str, body: Any, target: str, status: int, said: str
) -> None:
    answered, error = seen(context, method, body, target)
    assert (answered, said in error["error"]["message"]) == (status, True), error
    assert (harness.done, entry()) == ([], None)


def test_an_agent_without_one_says_so(platform: Platform, context: Any) -> None:
    platform.agents.put_item(Item=platform.config)
    assert seen(context)[1]["wanted"] is None
    assert decided(context, "keep")[1]["error"]["code"] == "no_canary"


def test_the_monitor_asks_the_function_itself(platform: Platform, context: Any) -> None:
    asked = {"target": AGENT, "candidate": "3", "decision": "back", "reason": "x" * 400}
    answer = handler({"canary": asked}, context)
    said = json.loads(answer["body"])
    assert (answer["statusCode"], said["decided"]["actor"]) == (200, "corral-dev-drift-monitor")
    assert len(entry()["reason"]) == 300
    for odd in ({"candidate": "3"}, {"target": AGENT, "decision": "keep"}):
        assert handler({"canary": odd}, context)["statusCode"] == 400


def at(day: int, hour: int = 0) -> str:
    return (BEGAN + timedelta(days=day, hours=hour)).isoformat(timespec="milliseconds")


def test_what_was_served_when_leaves_out_what_was_only_tried() -> None:
    """1 and 2 were everybody's; 3 was tried and went back, 4 was tried and kept, 5 went out with another model."""
    versions = [Version(str(number), at(number)) for number in range(1, 6)]
    moves = [
        Move("2", at(3, 5), "monitor", "worse", True, "3"),
        Move("4", at(4, 9), "monitor", "as good", True, "4"),
    ]
    beside = Beside("5", at(5), at(2, 1))
    there = Now(versions, "5", None, moves, beside)
    assert there.periods == [
        ("1", at(1), at(2)),
        ("2", at(2), at(4, 9)),
        ("4", at(4, 9), at(5)),
        ("5", at(5), None),
    ]
    assert there.candidate is None
    trying = Now(versions, "4", None, moves, beside)
    assert trying.candidate == Version("5", at(5))
    assert trying.periods[-1] == ("4", at(4, 9), None)
    assert trying.previous == "2"
