"""InvokeHarness through boto3: real gateway, policies and IAM; the model scripted, functions in Python."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError

REGION, ACCOUNT = "us-east-1", "111122223333"
BASE = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}"
GATEWAY_ARN = f"{BASE}:gateway/corral-dev-abcdefghij"
HARNESS_ID = "dev_support_helpdesk-abcdefghij"
HARNESS_ARN = f"{BASE}:harness/{HARNESS_ID}"
ENDPOINT_ARN = f"{HARNESS_ARN}/harness-endpoint/live"
MEMORY_ARN = f"{BASE}:memory/support-abcdefghij"
PROFILE_ARN = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/abc123def456"
MODEL_ARN = f"arn:aws:bedrock:{REGION}::foundation-model/amazon.nova-lite-v1:0"
HOOK_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:corral-dev-supervisor:live"
SESSION = "session-0123456789-0123456789-0123456789"
KINDS = ("BeforeInvocation", "BeforeToolCall", "AfterToolCall", "AfterInvocation")
BEDROCK = (("bedrock:*", "*"), ("bedrock-agentcore:*", "*"))
INVOKE = ("bedrock-agentcore:InvokeHarness", "bedrock-agentcore:InvokeAgentRuntime")

SCENARIOS = [
    {
        "name": "refund",
        "user": "Refund 5 please",
        "model": [
            {"tool": "refund-issue", "input": {"cents": 5}},
            {"say": "Refunded {{ last.refunded }} for {{ parameters.product }}."},
        ],
    },
    {
        "name": "too-much",
        "user": "Refund 50 please",
        "model": [{"tool": "refund-issue", "input": {"cents": 50}}, {"say": "No: {{ last }}"}],
    },
    {
        "name": "not-granted",
        "user": "Open a ticket",
        "model": [{"tool": "ticket-create", "input": {"title": "x"}}, {"say": "No: {{ last }}"}],
    },
    {
        "name": "two",
        "user": "Refund twice",
        "model": [
            {"tool": "refund-issue", "input": {"cents": 1}},
            {"tool": "refund-issue", "input": {"cents": 2}},
            {"say": "Done {{ results | length }}"},
        ],
    },
    {
        "name": "ask",
        "user": "Ask me",
        "model": [{"tool": "ask", "input": {}}, {"say": "You said {{ last }}"}],
    },
    {"name": "hello", "user": "Hello", "model": [{"say": "Hello, how can I help you today"}]},
]


def allow(event: Any, context: Any) -> Any:
    return {"decision": "allow"}


def deny(kind: str) -> Callable[[Any, Any], Any]:
    return lambda event, _: {"decision": "deny" if event["event"] == kind else "allow", "reason": "because"}


class Harness:
    """A deployed harness and the means to change and invoke it."""

    def __init__(self, world: Any) -> None:
        self.world = world
        world.add_gateway()
        world.add_tool(
            "refund-issue", lambda event, _: {"refunded": event["cents"]}, {"cents": "integer"}, ("cents",)
        )
        world.add_tool("ticket-create", lambda event, _: {"id": "T1"}, {"title": "string"})
        world.grant("helpdesk", "refund-issue", "context.input.cents < 50")
        profile = {"InferenceProfileArn": PROFILE_ARN, "Models": [{"ModelArn": MODEL_ARN}]}
        world.store.put("AWS::Bedrock::ApplicationInferenceProfile", profile)
        world.store.put(
            "AWS::BedrockAgentCore::Memory", {"MemoryId": "support-abcdefghij", "MemoryArn": MEMORY_ARN}
        )
        world.aws.model_scripts[PROFILE_ARN] = {"parameters": {"product": "Router"}, "scenarios": SCENARIOS}
        world.functions.handlers[HOOK_ARN] = allow
        self.execution_role = world.role(
            "helpdesk",
            ("bedrock-agentcore:InvokeGateway", GATEWAY_ARN),
            ("bedrock:InvokeModel", PROFILE_ARN),
            ("bedrock:InvokeModel", MODEL_ARN),
            ("lambda:InvokeFunction", HOOK_ARN),
            ("bedrock-agentcore:*", MEMORY_ARN),
        )
        self.properties: dict[str, Any] = {
            "Arn": HARNESS_ARN,
            "HarnessId": HARNESS_ID,
            "ExecutionRoleArn": self.execution_role,
            "Model": {"BedrockModelConfig": {"ModelId": PROFILE_ARN}},
            "SystemPrompt": [{"Text": "You help."}],
            "Tools": [
                {
                    "Type": "agentcore_gateway",
                    "Name": "tools",
                    "Config": {"AgentCoreGateway": {"GatewayArn": GATEWAY_ARN}},
                }
            ],
            "AllowedTools": ["@tools/refund-issue___refund-issue"],
            "MaxIterations": 5,
            "MaxTokens": 1000,
            "TimeoutSeconds": 60,
            "Hooks": [
                {kind: {"Name": "supervisor", "Target": {"Lambda": {"Arn": HOOK_ARN}}}} for kind in KINDS
            ],
        }
        world.store.put("AWS::BedrockAgentCore::Harness", self.properties)
        world.store.put(
            "AWS::BedrockAgentCore::HarnessEndpoint",
            {"HarnessId": HARNESS_ID, "EndpointName": "live", "Arn": ENDPOINT_ARN, "LiveVersion": "1"},
        )
        world.store.versions[HARNESS_ARN, "1"] = self.properties
        caller = world.role("front-door", *((a, arn) for a in INVOKE for arn in (HARNESS_ARN, ENDPOINT_ARN)))
        self.client = world.client("bedrock-agentcore", world.session(caller))

    def hook(self, handler: Callable[[Any, Any], Any]) -> None:
        self.world.functions.handlers[HOOK_ARN] = handler

    def invoke(self, text: str, *, qualifier: str = "live", **more: Any) -> list[dict[str, Any]]:
        message = {"role": "user", "content": [{"text": text}]}
        return self.send([message], qualifier=qualifier, **more)

    def send(self, messages: list[Any], *, qualifier: str = "live", **more: Any) -> list[dict[str, Any]]:
        answer = self.client.invoke_harness(
            harnessArn=HARNESS_ARN,
            qualifier=qualifier,
            runtimeSessionId=more.pop("session", SESSION),
            messages=messages,
            **more,
        )
        return list(answer["stream"])

    def hook_events(self, kind: str) -> list[dict[str, Any]]:
        calls = self.world.functions.calls
        return [event for arn, event, _ in calls if arn == HOOK_ARN and event["event"] == kind]

    def tool_calls(self) -> list[Any]:
        return [event for arn, event, _ in self.world.functions.calls if "tool-" in arn]


@pytest.fixture
def harness(world: Any) -> Harness:
    return Harness(world)


def answer(events: list[dict[str, Any]]) -> str:
    """The text of the last message."""
    starts = [index for index, event in enumerate(events) if "messageStart" in event]
    deltas = [
        event["contentBlockDelta"]["delta"] for event in events[starts[-1] :] if "contentBlockDelta" in event
    ]
    return "".join(delta.get("text", "") for delta in deltas)


def stop_reason(events: list[dict[str, Any]]) -> str:
    return str([event["messageStop"]["stopReason"] for event in events if "messageStop" in event][-1])


def results(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Status and text of each tool result."""
    statuses = [
        event["contentBlockStart"]["start"]["toolResult"]["status"]
        for event in events
        if "toolResult" in event.get("contentBlockStart", {}).get("start", {})
    ]
    texts = [
        event["contentBlockDelta"]["delta"]["toolResult"][0]["text"]
        for event in events
        if "toolResult" in event.get("contentBlockDelta", {}).get("delta", {})
    ]
    return list(zip(statuses, texts, strict=True))


def test_a_journey_with_a_tool(harness: Harness) -> None:
    events = harness.invoke("Refund 5 please")
    assert answer(events) == "Refunded 5 for Router."
    assert stop_reason(events) == "end_turn"
    assert harness.tool_calls() == [{"cents": 5}]
    hooks = [event["hookEvent"]["type"] for event in events if "hookEvent" in event]
    assert hooks == ["before_invocation", "before_tool_call", "after_tool_call", "after_invocation"]
    assert all(event["hookEvent"]["decision"] == "allow" for event in events if "hookEvent" in event)
    (metadata,) = (event["metadata"] for event in events if "metadata" in event)
    usage = metadata["usage"]
    assert usage["inputTokens"] > 0
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]


def test_the_hooks_payloads(harness: Harness) -> None:
    harness.invoke("Refund 5 please")
    (before,) = harness.hook_events("before_invocation")
    assert before["context"] == {"messages": [{"role": "user", "content": [{"text": "Refund 5 please"}]}]}
    assert (before["harnessArn"], before["sessionId"], before["name"]) == (HARNESS_ARN, SESSION, "supervisor")
    (tool,) = harness.hook_events("before_tool_call")
    details = tool["context"]
    assert details.pop("toolUseId").startswith("tooluse_")
    assert details == {
        "toolName": "refund-issue___refund-issue",
        "toolType": "agentcore_gateway",
        "toolInput": {"cents": 5},
    }
    (done,) = harness.hook_events("after_tool_call")
    assert done["context"]["toolResult"]["content"] == [{"text": '{"refunded": 5}'}]
    assert "error" not in done["context"]
    (after,) = harness.hook_events("after_invocation")
    assert after["context"]["stopReason"] == "end_turn"
    assert after["context"]["usage"]["outputTokens"] > 0


def test_a_denied_tool_is_skipped_and_the_loop_goes_on(harness: Harness) -> None:
    harness.hook(deny("before_tool_call"))
    events = harness.invoke("Refund 5 please")
    assert harness.tool_calls() == []
    assert results(events) == [("error", "Tool call denied by hook supervisor: because")]
    assert stop_reason(events) == "end_turn"
    denied = [event["hookEvent"] for event in events if event.get("hookEvent", {}).get("decision") == "deny"]
    assert [(event["type"], event["reason"]) for event in denied] == [("before_tool_call", "because")]


def test_a_denied_invocation_never_reaches_the_model(harness: Harness) -> None:
    harness.hook(deny("before_invocation"))
    events = harness.invoke("Refund 5 please")
    assert stop_reason(events) == "hook_stopped"
    assert answer(events) == ""
    assert harness.world.trail.named("Converse") == []


def test_a_denied_result_is_kept_and_stops_the_invocation(harness: Harness) -> None:
    harness.hook(deny("after_tool_call"))
    events = harness.invoke("Refund 5 please")
    assert results(events) == [("success", '{"refunded": 5}')]
    assert stop_reason(events) == "hook_stopped"


def test_a_denial_after_the_end_is_only_reported(harness: Harness) -> None:
    harness.hook(deny("after_invocation"))
    events = harness.invoke("Refund 5 please")
    assert answer(events) == "Refunded 5 for Router."
    assert events[-1]["hookEvent"]["decision"] == "deny"


def broken(event: Any, context: Any) -> Any:
    raise RuntimeError("down")


def slow(event: Any, context: Any) -> Any:
    time.sleep(1.5)
    return {"decision": "allow"}


@pytest.mark.control("fail-closed")
@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (broken, "hook failed: its function ended with an error"),
        (slow, "hook failed: no answer within 1 s"),
        (lambda event, _: b"oops", "hook failed: its answer is not JSON"),
        (lambda event, _: {"decision": "maybe"}, "hook failed: its answer has no decision of allow or deny"),
        (lambda event, _: ["allow"], "hook failed: its answer has no decision of allow or deny"),
        (None, "hook failed: ResourceNotFoundException: Function not found"),
    ],
)
@pytest.mark.parametrize("mode", [None, "deny", "allow"])
def test_a_failing_hook_denies_unless_told_otherwise(
    harness: Harness, handler: Any, reason: str, mode: str | None
) -> None:
    target: dict[str, Any] = {"Arn": HOOK_ARN, "TimeoutSeconds": 1}
    if mode is not None:
        target["FailureMode"] = mode
    harness.properties["Hooks"] = [{"BeforeToolCall": {"Name": "gate", "Target": {"Lambda": target}}}]
    if handler is None:
        del harness.world.functions.handlers[HOOK_ARN]
    else:
        harness.hook(handler)
    events = harness.invoke("Refund 5 please")
    (hook,) = (event["hookEvent"] for event in events if "hookEvent" in event)
    assert hook["reason"].startswith(reason)
    assert hook["decision"] == ("allow" if mode == "allow" else "deny")
    assert len(harness.tool_calls()) == (1 if mode == "allow" else 0)


def test_every_hook_must_agree(harness: Harness) -> None:
    other = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:other"
    harness.world.role("helpdesk", *BEDROCK, ("lambda:InvokeFunction", "*"))
    harness.world.functions.handlers[other] = deny("before_tool_call")
    second = {"BeforeToolCall": {"Name": "second", "Target": {"Lambda": {"Arn": other}}}}
    harness.properties["Hooks"].append(second)
    events = harness.invoke("Refund 5 please")
    assert results(events) == [("error", "Tool call denied by hook second: because")]


def test_a_hook_the_role_may_not_invoke_denies(harness: Harness) -> None:
    harness.world.role("helpdesk", *BEDROCK)
    events = harness.invoke("Refund 5 please")
    assert stop_reason(events) == "hook_stopped"
    assert harness.world.functions.calls == []


def test_a_large_message_is_cut_for_the_hook_only(harness: Harness) -> None:
    harness.invoke("x" * 70_000)
    (before,) = harness.hook_events("before_invocation")
    assert before["context"]["messages"].keys() == {"truncated", "preview"}
    asked = harness.world.trail.named("Converse")[0].params["messages"]
    assert asked[0]["content"][0]["text"] == "x" * 70_000


def test_a_large_tool_result_is_cut_for_the_hook_only(harness: Harness) -> None:
    for function in list(harness.world.functions.handlers):
        if "refund" in function:
            harness.world.functions.handlers[function] = lambda event, _: {"refunded": "x" * 70_000}
    events = harness.invoke("Refund 5 please")
    assert len(answer(events)) > 70_000
    (done,) = harness.hook_events("after_tool_call")
    assert done["context"]["toolResult"]["truncated"] is True
    assert done["context"]["toolName"] == "refund-issue___refund-issue"


def test_cedars_denial_is_an_error_result(harness: Harness) -> None:
    events = harness.invoke("Refund 50 please")
    ((status, text),) = results(events)
    assert status == "error"
    assert text == (
        "Tool execution failed: Tool Execution Denied: Tool call not allowed due to policy enforcement "
        "[No policy applies to the request (denied by default).]"
    )
    assert answer(events).startswith("No: Tool execution failed")
    (done,) = harness.hook_events("after_tool_call")
    assert done["context"]["error"] == text


def test_a_tool_that_is_not_offered_is_asked_about_and_then_unknown(harness: Harness) -> None:
    events = harness.invoke("Open a ticket")
    assert results(events) == [("error", "Unknown tool: ticket-create___ticket-create")]
    assert harness.hook_events("before_tool_call")[0]["context"]["toolType"] == "unknown"
    assert harness.tool_calls() == []


@pytest.mark.parametrize(
    ("allowed", "offered"),
    [
        (["@tools/refund-issue___refund-issue"], True),
        (["@tools/refund*"], True),
        (["@tools"], True),
        (["*"], True),
        (["@other/*", "shell", "refund-issue___refund-issue"], False),
        ([], False),
    ],
)
def test_allowed_tools_narrow_what_is_offered(harness: Harness, allowed: list[str], offered: bool) -> None:
    harness.properties["AllowedTools"] = allowed
    events = harness.invoke("Refund 5 please")
    assert len(harness.tool_calls()) == (1 if offered else 0)
    assert (results(events)[0][0] == "success") == offered


def test_without_allowed_tools_everything_granted_is_offered(harness: Harness) -> None:
    del harness.properties["AllowedTools"]
    harness.invoke("Refund 5 please")
    assert harness.tool_calls() == [{"cents": 5}]


def test_the_caller_may_override_as_on_aws(harness: Harness) -> None:
    events = harness.invoke("Refund 5 please", allowedTools=["nothing"])
    assert harness.tool_calls() == []
    assert stop_reason(events) == "end_turn"
    events = harness.invoke("Refund 5 please", tools=[], systemPrompt=[{"text": "Other."}], maxIterations=1)
    assert stop_reason(events) == "max_iterations_exceeded"
    other = {"bedrockModelConfig": {"modelId": "amazon.nova-lite-v1:0"}}
    assert "no scenario" in answer(harness.invoke("Refund 5 please", model=other))


@pytest.mark.control("cascade-limits")
def test_caps_stop_the_loop(harness: Harness) -> None:
    assert stop_reason(harness.invoke("Refund twice", maxIterations=2)) == "max_iterations_exceeded"
    assert len(harness.tool_calls()) == 2
    assert stop_reason(harness.invoke("Refund twice", maxTokens=1)) == "max_output_tokens_exceeded"
    assert stop_reason(harness.invoke("Refund twice", timeoutSeconds=0)) == "timeout_exceeded"
    assert stop_reason(harness.invoke("Refund twice")) == "end_turn"


def test_the_models_own_cap_is_its_own_stop_reason(harness: Harness) -> None:
    harness.properties["Model"]["BedrockModelConfig"]["MaxTokens"] = 2
    events = harness.invoke("Hello")
    assert (answer(events), stop_reason(events)) == ("Hello, how", "max_tokens")


def test_the_endpoint_pins_a_version_and_default_follows_the_latest(harness: Harness) -> None:
    pinned = json.loads(json.dumps(harness.properties)) | {"AllowedTools": []}
    harness.world.store.versions[HARNESS_ARN, "1"] = pinned
    harness.invoke("Refund 5 please")
    assert harness.tool_calls() == []
    harness.invoke("Refund 5 please", qualifier="DEFAULT")
    assert harness.tool_calls() == [{"cents": 5}]
    with pytest.raises(harness.client.exceptions.ResourceNotFoundException):
        harness.invoke("Hello", qualifier="other")


@pytest.mark.parametrize("missing", [0, 1, 2, 3])
def test_the_caller_needs_both_actions_on_harness_and_endpoint(harness: Harness, missing: int) -> None:
    pairs = [(action, arn) for action in INVOKE for arn in (HARNESS_ARN, ENDPOINT_ARN)]
    del pairs[missing]
    role = harness.world.role("front-door-poor", *pairs)
    harness.client = harness.world.client("bedrock-agentcore", harness.world.session(role))
    with pytest.raises(ClientError, match="AccessDeniedException"):
        harness.invoke("Hello")


def test_the_execution_role_needs_the_model_and_its_failure_is_in_the_stream(harness: Harness) -> None:
    harness.world.role("helpdesk", ("bedrock-agentcore:*", "*"), ("lambda:InvokeFunction", "*"))
    with pytest.raises(EventStreamError, match="bedrock:InvokeModel"):
        harness.invoke("Hello")
    assert len(harness.hook_events("after_invocation")) == 1


def test_a_gateway_that_refuses_fails_the_invocation(harness: Harness) -> None:
    harness.world.role("helpdesk", ("bedrock:*", "*"), ("lambda:InvokeFunction", "*"))
    with pytest.raises(EventStreamError, match="Insufficient permissions"):
        harness.invoke("Hello")


def test_a_session_goes_on(harness: Harness) -> None:
    harness.invoke("Refund 5 please")
    harness.invoke("Hello")
    last = harness.world.trail.named("Converse")[-1].params["messages"]
    assert [message["role"] for message in last] == ["user", "assistant", "user", "assistant", "user"]
    harness.invoke("Hello", session=SESSION.replace("session", "another"))
    assert len(harness.world.trail.named("Converse")[-1].params["messages"]) == 1


def test_a_session_with_memory_is_kept_there(harness: Harness) -> None:
    memory = {"Arn": MEMORY_ARN, "MessagesCount": 50}
    harness.properties["Memory"] = {"AgentCoreMemoryConfiguration": memory}
    harness.invoke("Refund 5 please", actorId="ann")
    harness.invoke("Hello", actorId="ann")
    last = harness.world.trail.named("Converse")[-1].params["messages"]
    assert [message["role"] for message in last] == ["user", "assistant", "user", "assistant", "user"]
    assert last[1]["content"][0]["toolUse"]["input"] == {"cents": 5}
    harness.invoke("Hello", actorId="bob")
    assert len(harness.world.trail.named("Converse")[-1].params["messages"]) == 1
    admin = harness.world.client("bedrock-agentcore", harness.world.session(harness.execution_role))
    place = {"memoryId": "support-abcdefghij", "actorId": "ann", "sessionId": SESSION}
    kept = admin.list_events(**place)["events"]
    assert len(kept) == 6
    assert kept[-1]["payload"][0]["conversational"]["content"]["text"] == "Refund 5 please"


def test_what_is_read_back_begins_with_a_users_text(harness: Harness) -> None:
    memory = {"Arn": MEMORY_ARN, "MessagesCount": 4}
    harness.properties["Memory"] = {"AgentCoreMemoryConfiguration": memory}
    for text in ("Refund 5 please", "Hello", "Hello"):
        harness.invoke(text, actorId="ann")
    # The last four begin with a tool result whose call was cut off.
    last = harness.world.trail.named("Converse")[-1].params["messages"]
    assert [message["role"] for message in last] == ["user", "assistant", "user"]
    assert last[0]["content"] == [{"text": "Hello"}]


def test_an_inline_function_pauses_and_its_result_resumes(harness: Harness) -> None:
    inline = {"Description": "Asks the person.", "InputSchema": {"type": "object"}}
    harness.properties["Tools"].append(
        {"Type": "inline_function", "Name": "ask", "Config": {"InlineFunction": inline}}
    )
    harness.properties["AllowedTools"].append("ask")
    events = harness.invoke("Ask me")
    assert stop_reason(events) == "tool_use"
    (use,) = (
        event["contentBlockStart"]["start"]["toolUse"]
        for event in events
        if "toolUse" in event.get("contentBlockStart", {}).get("start", {})
    )
    assert len(harness.hook_events("before_tool_call")) == 1
    result = {"toolUseId": use["toolUseId"], "content": [{"text": "blue"}], "status": "success"}
    events = harness.send([{"role": "user", "content": [{"toolResult": result}]}])
    assert answer(events) == "You said blue"
    assert len(harness.hook_events("before_tool_call")) == 1
    assert harness.hook_events("after_tool_call")[0]["context"]["toolResult"]["content"] == [{"text": "blue"}]


def test_wrong_requests_are_refused(harness: Harness) -> None:
    with pytest.raises(ClientError, match="runtimeSessionId"):
        harness.invoke("Hello", session="x" * 40 + "!")
    with pytest.raises(ClientError, match="messages must not be empty"):
        harness.send([])
    browser = [{"type": "agentcore_browser", "name": "web"}]
    with pytest.raises(ClientError, match="agentcore_browser"):
        harness.invoke("Hello", tools=browser)
    topic = {"Sns": {"Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"}}
    harness.properties["Hooks"].append({"AfterInvocation": {"Name": "notify", "Target": topic}})
    with pytest.raises(ClientError, match="target other than Lambda"):
        harness.invoke("Hello")


def test_the_trail_shows_a_runtime_and_no_message(harness: Harness) -> None:
    harness.invoke("Refund 5 please")
    (call,) = harness.world.trail.named("InvokeHarness")
    assert call.trail["resources"][0]["type"] == "AWS::BedrockAgentCore::Runtime"
    assert "Refund" not in json.dumps(call.trail)
    gateway = harness.world.trail.named("InvokeGateway")
    assert {record.caller.role_arn for record in gateway} == {harness.execution_role}
