"""The front door: a function URL's event in, its answer out.

AgentCore and Bedrock are a server on the loopback interface that speaks their wire formats, so that the real
clients read real event streams, broken ones too.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.common.session import actor_id, runtime_session_id
from functions.front_door import guardrail
from functions.front_door.handler import MAX_BODY_BYTES, MAX_MESSAGE_CHARACTERS, handler
from tests.functions.front_door_aws import (
    ALICE,
    ARN,
    BOB,
    PASSED,
    Aws,
    AwsHandler,
    answering,
    blocked,
    frame,
    masked,
    post,
    request,
)

MEMORY_ACTOR = r"[a-zA-Z0-9][a-zA-Z0-9-_/]*(?::[a-zA-Z0-9-_/]+)*[a-zA-Z0-9-_/]*"  # as CreateEvent takes it


def failed(context: Any, body: Any = None, **more: Any) -> tuple[int, str]:
    status, answer = post(context, {"message": "hello"} if body is None else body, **more)
    assert set(answer) == {"error"}
    assert set(answer["error"]) == {"code", "message"}
    assert "secret" not in answer["error"]["message"]
    return status, answer["error"]["code"]


def test_a_message_is_answered(server: Aws, context: Any) -> None:
    status, answer = post(context, {"message": "My router is dead"})
    assert status == 200
    assert {**answer, "session_id": ""} == {
        "agent": "helpdesk",
        "session_id": "",
        "answer": "Hold the button.",
        "stop_reason": "end_turn",
        "blocked": None,
        "tool_calls": [{"tool": "knowledge-search", "decision": "allowed"}],
        "usage": {"input_tokens": 50, "output_tokens": 7},
        "request_id": context.aws_request_id,
    }
    assert server.checks == [("INPUT", "My router is dead"), ("OUTPUT", "Hold the button.")]


def test_message_session_and_actor_are_all_that_is_passed_on(server: Aws, context: Any) -> None:
    _, answer = post(context, {"message": "My router is dead"})
    assert server.invocations == [
        {
            "harnessArn": ARN,
            "qualifier": "live",
            "session": answer["session_id"],
            "actorId": actor_id(ALICE),
            "messages": [{"role": "user", "content": [{"text": "My router is dead"}]}],
        }
    ]


@pytest.mark.control("granted-tools-only")
@pytest.mark.parametrize(
    "field", ["model", "tools", "systemPrompt", "allowedTools", "system_prompt", "actor_id"]
)
def test_nothing_else_can_be_passed_on(server: Aws, context: Any, field: str) -> None:
    assert failed(context, {"message": "hello", field: "x"}) == (400, "bad_request")
    assert server.invocations == []


def test_a_body_may_come_in_base64(server: Aws, context: Any) -> None:
    assert post(context, {"message": "größer"}, encoded=True)[0] == 200
    assert server.checks[0] == ("INPUT", "größer")


def test_a_session_goes_on(server: Aws, context: Any) -> None:
    first = post(context, {"message": "one"})[1]["session_id"]
    again = post(context, {"message": "two", "session_id": first})[1]["session_id"]
    assert first == again
    assert [invocation["session"] for invocation in server.invocations] == [first, first]
    assert post(context, {"message": "three"})[1]["session_id"] != first


@pytest.mark.control("team-isolation")
def test_nobody_goes_on_with_anothers_session(server: Aws, context: Any) -> None:
    own = post(context, {"message": "one"})[1]["session_id"]
    theirs = post(context, {"message": "two", "session_id": own}, caller=BOB)[1]["session_id"]
    elsewhere = post(context, {"message": "two", "session_id": own}, agent="billing")[1]["session_id"]
    assert len({own, theirs, elsewhere}) == 3


def test_sessions_and_actors_by_name() -> None:
    named = runtime_session_id(ALICE, "helpdesk", "ticket-42")
    assert named == runtime_session_id(ALICE, "helpdesk", "ticket-42")
    assert named == runtime_session_id(ALICE, "helpdesk", named)
    others = {
        runtime_session_id(BOB, "helpdesk", "ticket-42"),
        runtime_session_id(ALICE, "billing", "ticket-42"),
        runtime_session_id(ALICE, "helpdesk", "ticket-43"),
        runtime_session_id(BOB, "helpdesk", named),
        runtime_session_id(BOB, "helpdesk", named.partition("-")[0] + "-" + "0" * 32),
    }
    assert named not in others
    assert len(others) == 5
    for session in (*others, named, runtime_session_id(ALICE, "helpdesk", None)):
        assert re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9-_]*", session)
        assert 33 <= len(session) <= 100
    callers = [ALICE, BOB, ALICE + ".b", ALICE + "-b", ALICE + "@b", "arn:aws:iam::1:user/" + "x" * 500]
    assert len({actor_id(caller) for caller in callers}) == len(callers)
    assert all(re.fullmatch(MEMORY_ACTOR, actor_id(c)) and len(actor_id(c)) <= 255 for c in callers)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("not json", 400, "bad_request"),
        ("[" * 50_000, 400, "bad_request"),
        ("[]", 400, "bad_request"),
        ({}, 400, "bad_request"),
        ({"message": ""}, 400, "bad_request"),
        ({"message": " \n"}, 400, "bad_request"),
        ({"message": 7}, 400, "bad_request"),
        ({"message": "x", "session_id": ""}, 400, "bad_request"),
        ({"message": "x", "session_id": "a b"}, 400, "bad_request"),
        ({"message": "x", "session_id": "a" * 101}, 400, "bad_request"),
        ({"message": "x", "session_id": 7}, 400, "bad_request"),
        ({"message": "x" * (MAX_MESSAGE_CHARACTERS + 1)}, 413, "too_large"),
        ("x" * (MAX_BODY_BYTES + 1), 413, "too_large"),
    ],
)
def test_a_bad_request_is_refused_before_anything_is_asked(
    server: Aws, context: Any, body: Any, status: int, code: str
) -> None:
    assert failed(context, body) == (status, code)
    assert not server.checks
    assert not server.invocations


def test_a_body_that_is_not_what_it_says_is_refused(server: Aws, context: Any) -> None:
    event = request("POST", "/v1/agents/helpdesk/messages", {"message": "x"})
    assert (
        json.loads(handler({**event, "isBase64Encoded": True}, context)["body"])["error"]["code"]
        == "bad_request"
    )
    assert handler({**event, "body": None}, context)["statusCode"] == 400


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("POST", "/v1/agents/nobody/messages", "unknown_agent"),
        ("POST", "/v1/agents/HELPDESK/messages", "unknown_agent"),
        ("GET", "/v1/agents/helpdesk/messages", "not_found"),
        ("POST", "/v1/agents", "not_found"),
        ("POST", "/v2/agents/helpdesk/messages", "not_found"),
        ("POST", "/v1/agents/a/b/messages", "not_found"),
        ("GET", "/", "not_found"),
    ],
)
def test_what_is_not_there(server: Aws, context: Any, method: str, path: str, code: str) -> None:
    answer = handler(request(method, path, {"message": "x"}), context)
    assert (answer["statusCode"], json.loads(answer["body"])["error"]["code"]) == (404, code)


def test_agents_are_listed(server: Aws, context: Any) -> None:
    answer = handler(request("GET", "/v1/agents/"), context)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {
        "team": "support",
        "agents": [{"agent": name} for name in ("billing", "contracts", "helpdesk", "lost")],
    }


def test_without_a_signed_caller_nothing_is_answered(server: Aws, context: Any) -> None:
    assert failed(context, caller=None) == (403, "forbidden")
    assert handler(request("GET", "/v1/agents", caller=None), context)["statusCode"] == 403
    assert not server.checks
    assert not server.invocations


@pytest.mark.control("guardrail")
def test_what_the_guardrail_blocks_never_reaches_the_agent(server: Aws, context: Any) -> None:
    server.guard = lambda source, text: blocked("We do not talk about that.")
    status, answer = post(context, {"message": "legal advice please"})
    assert status == 200
    assert (answer["blocked"], answer["answer"]) == ("input", "We do not talk about that.")
    assert (answer["stop_reason"], answer["tool_calls"]) == ("guardrail_intervened", [])
    assert answer["usage"] == {"input_tokens": 0, "output_tokens": 0}
    assert server.invocations == []


@pytest.mark.control("guardrail")
def test_what_the_guardrail_blocks_never_leaves_the_agent(server: Aws, context: Any) -> None:
    server.guard = lambda source, text: blocked("Withheld.") if source == "OUTPUT" else PASSED
    answer = post(context, {"message": "hello"})[1]
    assert (answer["blocked"], answer["answer"]) == ("output", "Withheld.")
    assert answer["tool_calls"] == [{"tool": "knowledge-search", "decision": "allowed"}]
    assert "button" not in json.dumps(answer)


@pytest.mark.control("guardrail")
def test_what_the_guardrail_masks_passes_masked(server: Aws, context: Any) -> None:
    server.guard = lambda source, text: masked(f"{source} {{EMAIL}}")
    answer = post(context, {"message": "I am a@b.c"})[1]
    assert (answer["blocked"], answer["answer"]) == (None, "OUTPUT {EMAIL}")
    assert server.invocations[0]["messages"][0]["content"][0]["text"] == "INPUT {EMAIL}"


@pytest.mark.parametrize(
    "said",
    [
        {**blocked(""), "assessments": []},
        {**masked(""), "outputs": []},
        {**masked("x"), "assessments": masked("x")["assessments"] + blocked("x")["assessments"]},
        {**PASSED, "action": "SOMETHING_NEW"},
    ],
)
def test_a_guardrail_that_steps_in_without_saying_how_has_blocked(
    server: Aws, context: Any, said: dict[str, Any]
) -> None:
    server.guard = lambda source, text: said
    answer = post(context, {"message": "hello"})[1]
    assert answer["blocked"] == "input"
    assert answer["answer"]
    assert server.invocations == []


def test_the_guardrail_is_the_one_of_the_agents_level(server: Aws, context: Any) -> None:
    assert post(context, {"message": "hello"})[0] == 200
    assert server.applied == {"gr123:3"}
    server.applied.clear()
    assert post(context, {"message": "hello"}, agent="contracts")[0] == 200
    assert server.applied == {"gr456:7"}


def test_an_agent_whose_level_has_no_guardrail_is_not_asked(
    server: Aws, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert failed(context, agent="lost") == (502, "guardrail_unavailable")
    monkeypatch.setenv("GUARDRAILS", json.dumps({"strict": {"id": "gr456", "version": "7"}}))
    assert failed(context) == (502, "guardrail_unavailable")
    monkeypatch.delenv("GUARDRAILS")
    assert post(context, {"message": "hello"})[0] == 502
    assert not server.checks
    assert not server.invocations


def test_a_long_answer_is_checked_whole(server: Aws, context: Any) -> None:
    text = "word " * 10_000 + "end"
    server.stream = lambda: iter(answering(text))
    assert post(context, {"message": "hello"})[1]["answer"] == text
    parts = [part for source, part in server.checks if source == "OUTPUT"]
    assert "".join(parts) == text
    assert all(len(part) <= guardrail.MAX_CHARACTERS and not part.startswith("ord") for part in parts)
    server.guard = lambda source, part: blocked("Withheld.") if part.endswith("end") else PASSED
    assert post(context, {"message": "hello"})[1]["answer"] == "Withheld."


@pytest.mark.control("guardrail", "fail-closed")
@pytest.mark.parametrize("side", ["INPUT", "OUTPUT"])
def test_without_the_guardrail_nothing_passes(
    server: Aws, context: Any, monkeypatch: pytest.MonkeyPatch, side: str
) -> None:
    def guard(source: str, text: str) -> dict[str, Any]:
        server.guard_status = 403 if source == side else 200
        return {"message": "secret"} if source == side else PASSED

    server.guard = guard

    # The status is sent with the answer: it has to be known before.
    answer = AwsHandler._json

    def late(self: AwsHandler, status: int, body: dict[str, Any], *rest: Any) -> None:
        answer(self, self.server.guard_status if "message" in body else status, body, *rest)

    monkeypatch.setattr(AwsHandler, "_json", late)
    assert failed(context) == (502, "guardrail_unavailable")
    assert len(server.invocations) == (0 if side == "INPUT" else 1)


@pytest.mark.parametrize(
    ("status", "name", "said"),
    [
        (429, "ThrottlingException", (429, "throttled")),
        (402, "ServiceQuotaExceededException", (429, "throttled")),
        (403, "AccessDeniedException", (502, "agent_unavailable")),
        (404, "ResourceNotFoundException", (502, "agent_unavailable")),
        (500, "InternalServerException", (502, "agent_unavailable")),
    ],
)
def test_a_harness_that_refuses(
    server: Aws, context: Any, status: int, name: str, said: tuple[int, str]
) -> None:
    server.error = (status, name)
    assert failed(context) == said
    assert len(server.invocations) == 1  # never a second time


@pytest.mark.parametrize("kind", ["internalServerException", "validationException", "runtimeClientError"])
def test_an_error_within_the_stream(server: Aws, context: Any, kind: str) -> None:
    server.stream = lambda: iter([*answering("half")[:9], frame(kind, {"message": "secret"}, "exception")])
    assert failed(context) == (502, "agent_unavailable")
    assert len(server.invocations) == 1


def test_a_broken_stream(server: Aws, context: Any) -> None:
    broken = answering("x")[0][:-1] + b"\x00"
    server.stream = lambda: iter([broken])
    assert failed(context)[0] == 502


def test_a_harness_that_goes_silent_is_given_up_in_time(server: Aws, context: Any) -> None:
    context.seconds = 11.0  # one second for the agent
    release = threading.Event()

    def silent() -> Iterator[bytes]:
        yield answering("x")[0]
        release.wait(10)

    server.stream = silent
    assert failed(context) == (504, "timeout")
    release.set()
    assert len(server.invocations) == 1


def test_a_harness_that_never_ends_is_given_up_in_time(server: Aws, context: Any) -> None:
    context.seconds = 10.3

    def endless() -> Iterator[bytes]:
        while True:
            yield answering("x")[1]
            threading.Event().wait(0.05)

    server.stream = endless
    assert failed(context) == (504, "timeout")


def test_a_suspended_agent_says_so(server: Aws, context: Any) -> None:
    body = {
        "hookEventId": "1234abcd-12ab-34cd-56ef-1234567890ab",
        "name": "supervisor",
        "type": "before_invocation",
    }
    server.stream = lambda: iter(
        [
            frame("hookEvent", {**body, "decision": "deny", "reason": "agent suspended: odd refunds"}),
            frame("messageStop", {"stopReason": "hook_stopped"}),
        ]
    )
    answer = post(context, {"message": "hello"})[1]
    assert answer["stop_reason"] == "hook_stopped"
    assert "agent suspended: odd refunds" in answer["answer"]


def test_a_fault_of_ours_tells_nothing_but_its_number(
    server: Aws, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTS", "secret")
    answer = handler(request("GET", "/v1/agents"), context)
    assert answer["statusCode"] == 502
    error = json.loads(answer["body"])["error"]
    assert error["code"] == "internal"
    assert context.aws_request_id in error["message"]


def test_messages_and_answers_are_not_logged(server: Aws, context: Any, logged: Callable[[], str]) -> None:
    post(context, {"message": "a private matter"})
    assert "answered" in logged()
    assert ALICE in logged()
    assert "private matter" not in logged()
    assert "button" not in logged()
