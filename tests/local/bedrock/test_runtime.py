"""bedrock-runtime: what Converse answers and who may ask it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from corral.local.server.bedrock.runtime import handle
from corral.local.server.core import AwsError, Call, Caller, HttpRequest, LocalAws

PROFILE = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123def456"
MODEL = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
SCENARIOS = [
    {"name": "hello", "user": "Hello", "model": [{"say": "Good day to you"}]},
    {"name": "tool", "user": "Look", "model": [{"tool": "search", "input": {"query": "x"}}]},
]


class ProfileStore:
    def find(self, type_name: str, **equal: Any) -> dict[str, Any] | None:
        profile = {"InferenceProfileArn": PROFILE, "InferenceProfileId": "abc123def456"}
        matches = all(profile.get(name) == value for name, value in equal.items())
        return {**profile, "Models": [{"ModelArn": MODEL}]} if matches else None


@pytest.fixture
def asked() -> list[tuple[str, str]]:
    """The (action, resource) pairs IAM was asked about."""
    return []


@pytest.fixture
def converse(asked: list[tuple[str, str]]) -> Callable[..., dict[str, Any]]:
    def authorize(
        caller: Caller,
        action: str,
        resource_arn: str,
        resource_policy: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        asked.append((action, resource_arn))
        if caller.role_arn == "refused":
            raise AwsError("AccessDeniedException", f"not {action}", 403)

    later: Any = None
    store: Any = ProfileStore()
    aws = LocalAws("111122223333", "us-east-1", "", store, later, later, authorize, later, later)
    aws.model_scripts[PROFILE] = {"parameters": {}, "scenarios": SCENARIOS}

    def call(
        text: str, operation: str = "Converse", role: str = "agent", model: str = PROFILE, **more: Any
    ) -> dict[str, Any]:
        params = {"modelId": model, "messages": [{"role": "user", "content": [{"text": text}]}]} | more
        caller = Caller("arn", "111122223333", "", role)
        http = HttpRequest("POST", "/", {}, {}, b"")
        return handle(Call("bedrock-runtime", operation, params, caller, aws, "id", http))

    return call


def test_it_answers_and_counts_words(converse: Callable[..., dict[str, Any]]) -> None:
    answer = converse("Hello", system=[{"text": "You are kind"}])
    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": "Good day to you"}]}
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"] == {"inputTokens": 5, "outputTokens": 4, "totalTokens": 9}


def test_profile_and_foundation_model_are_authorized(
    converse: Callable[..., dict[str, Any]], asked: list[tuple[str, str]]
) -> None:
    converse("Hello")
    assert asked == [("bedrock:InvokeModel", PROFILE), ("bedrock:InvokeModel", MODEL)]
    asked.clear()
    converse("Hello", model="amazon.nova-lite-v1:0")
    assert asked == [("bedrock:InvokeModel", MODEL)]
    with pytest.raises(AwsError, match="AccessDenied"):
        converse("Hello", role="refused")


def test_a_stream_says_the_same(
    converse: Callable[..., dict[str, Any]], asked: list[tuple[str, str]]
) -> None:
    events = list(converse("Look", "ConverseStream")["stream"])
    assert [next(iter(event)) for event in events] == [
        "messageStart",
        "contentBlockStart",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "metadata",
    ]
    assert events[1]["contentBlockStart"]["start"]["toolUse"]["name"] == "search___search"
    assert json.loads(events[2]["contentBlockDelta"]["delta"]["toolUse"]["input"]) == {"query": "x"}
    assert events[4]["messageStop"]["stopReason"] == "tool_use"
    assert asked[0] == ("bedrock:InvokeModelWithResponseStream", PROFILE)
    spoken = list(converse("Hello", "ConverseStream")["stream"])
    assert spoken[1]["contentBlockDelta"]["delta"] == {"text": "Good day to you"}


def test_max_tokens_cuts(converse: Callable[..., dict[str, Any]]) -> None:
    answer = converse("Hello", inferenceConfig={"maxTokens": 2})
    assert answer["output"]["message"]["content"] == [{"text": "Good day"}]
    assert answer["stopReason"] == "max_tokens"


def test_what_it_does_not_have_it_refuses(converse: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        converse("Hello", model=PROFILE.replace("abc", "xyz"))
    with pytest.raises(AwsError, match="must start with a user message"):
        converse("Hello", messages=[])
    missing: list[dict[str, Any]] = [{"operation": "InvokeModel"}, {"guardrailConfig": {}}]
    for unknown in missing:
        with pytest.raises(AwsError) as refused:
            converse("Hello", **unknown)
        assert refused.value.status == 501
