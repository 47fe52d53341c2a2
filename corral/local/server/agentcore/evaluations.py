"""Evaluates what agents did by evaluators that are code, when told to, as AgentCore does some time after a session.

AWS takes a share of the sessions, once nobody has written for as long as the configuration says. Here it is all that
were not evaluated before, whenever the door is used. Models as judges are not asked: nothing here can judge.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from corral.local.server.agentcore.history import History, Message
from corral.local.server.agentcore.state import Invoked, state_of
from corral.local.server.core import AwsError, Credentials, LocalAws, Properties

_CORE = "AWS::BedrockAgentCore::"
_SERVICE = "bedrock-agentcore"
_STREAM = "local"
# As samples show AWS's results. https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/results-and-output.html
_DIMENSIONS = [
    ["service.name"],
    ["label", "service.name"],
    ["service.name", "onlineEvaluationConfigId"],
    ["label", "service.name", "onlineEvaluationConfigId"],
]


def remembering(aws: LocalAws, harness: str, endpoint: str, session_id: str, history: History) -> History:
    """A history that also keeps, for evaluations, what is said in one invocation."""
    invoked = Invoked(f"harness_{harness}", endpoint, session_id)
    state_of(aws).invoked.append(invoked)

    def add(message: Message) -> None:
        invoked.messages.append(message)
        history.add(message)

    return History(history.read, add)


@dataclass
class _Session:
    """The spans of a session, and which of its traces nobody has evaluated."""

    spans: list[dict[str, Any]] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    def targets(self, level: str) -> Iterator[dict[str, list[str]] | None]:
        if level == "SESSION":
            yield None
        for trace in self.new if level != "SESSION" else ():
            if level == "TRACE":
                yield {"traceIds": [trace], "spanIds": []}
                continue
            for span in self.spans:
                if span["traceId"] == trace and span["name"] == "execute_tool":
                    yield {"traceIds": [trace], "spanIds": [span["spanId"]]}


def evaluate(aws: LocalAws) -> list[dict[str, Any]]:
    """Evaluate what is new by each enabled configuration, as its role; return what each evaluator said."""
    configs = [
        c for c in aws.store.list(f"{_CORE}OnlineEvaluationConfig") if c["ExecutionStatus"] == "ENABLED"
    ]
    watched = {name for config in configs for name in _services(config)}
    services: dict[str, dict[str, _Session]] = {}
    for invoked in list(state_of(aws).invoked):
        name = f"{invoked.harness}.{invoked.endpoint}"
        name = name if name in watched else f"{invoked.harness}.DEFAULT"
        session = services.setdefault(name, {}).setdefault(invoked.session_id, _Session())
        session.spans += _spans(invoked)
        if name in watched and not invoked.evaluated:
            invoked.evaluated = True
            session.new.append(invoked.trace_id)
    return [
        result
        for config in configs
        for service in _services(config)
        for result in _by(aws, config, service, services.get(service, {}))
    ]


def _services(config: Properties) -> list[str]:
    names: list[str] = config["DataSourceConfig"].get("CloudWatchLogs", {}).get("ServiceNames", [])
    return names


def _by(
    aws: LocalAws, config: Properties, service: str, sessions: dict[str, _Session]
) -> Iterator[dict[str, Any]]:
    wanted = {each["EvaluatorId"] for each in config.get("Evaluators", [])}
    coded = [
        each
        for each in aws.store.list(f"{_CORE}Evaluator")
        if each["EvaluatorId"] in wanted and "CodeBased" in each["EvaluatorConfig"]
    ]
    new = {session_id: session for session_id, session in sessions.items() if session.new}
    if not coded or not new:
        return
    role = aws.assume_role(config["EvaluationExecutionRoleArn"], _SERVICE)
    for evaluator in coded:
        for session_id, session in new.items():
            for target in session.targets(evaluator["Level"]):
                said = _ask(aws, role, evaluator, session.spans, target)
                result = {
                    "evaluator": evaluator["EvaluatorName"],
                    "service": service,
                    "session": session_id,
                    "target": target,
                    **said,
                }
                _write(aws, config, result)
                yield result


def _ask(
    aws: LocalAws,
    role: Credentials,
    evaluator: Properties,
    spans: list[dict[str, Any]],
    target: dict[str, list[str]] | None,
) -> dict[str, Any]:
    # The server's functions package needs moto, which is imported after the account is set.
    from corral.local.server.functions.service import invoke_as

    event = {
        "schemaVersion": "1.0",
        "evaluatorId": evaluator["EvaluatorId"],
        "evaluatorName": evaluator["EvaluatorName"],
        "evaluationLevel": evaluator["Level"],
        "evaluationInput": {"sessionSpans": spans},
        "evaluationReferenceInputs": [],
        "evaluationTarget": target,
    }
    function = evaluator["EvaluatorConfig"]["CodeBased"]["LambdaConfig"]["LambdaArn"]
    try:
        done = invoke_as(aws, role.caller, function, json.dumps(event).encode())
    except AwsError as error:
        return {"errorCode": error.code, "errorMessage": error.message}
    said = json.loads(done.payload) if done.error is None else None
    if isinstance(said, dict) and ("label" in said or {"errorCode", "errorMessage"} <= set(said)):
        return said
    return {
        "errorCode": "InvalidLambdaResponse",
        "errorMessage": "the function gave neither a label nor an error",
    }


def _write(aws: LocalAws, config: Properties, result: dict[str, Any]) -> None:
    """Write a result to the configuration's log group, in CloudWatch's embedded metric format as AWS does."""
    from corral.local.server.functions.environment import LogStream

    output = config.get("OutputConfig", {}).get("CloudWatchConfig", {})
    group = output.get(
        "LogGroupName", f"/aws/bedrock-agentcore/evaluations/results/{config['OnlineEvaluationConfigId']}"
    )
    line: dict[str, Any] = {
        "name": "gen_ai.evaluation.result",
        "service.name": result["service"],
        "onlineEvaluationConfigId": config["OnlineEvaluationConfigId"],
        "attributes": {"gen_ai.evaluation.name": result["evaluator"], "session.id": result["session"]},
        "result": {key: result[key] for key in result if key not in ("service", "session", "evaluator")},
    }
    if "value" in result:
        metric = {
            "Namespace": output.get("MetricsNamespace", "Bedrock-AgentCore/Evaluations"),
            "Dimensions": _DIMENSIONS,
            "Metrics": [{"Name": result["evaluator"], "Unit": "None"}],
        }
        line |= {"label": result["label"], result["evaluator"]: result["value"]}
        line["_aws"] = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [metric]}
    stream = LogStream(aws, group, _STREAM, writable=True)
    stream.add([json.dumps(line)])
    stream.flush()


def _spans(invoked: Invoked) -> list[dict[str, Any]]:
    """What an invocation's messages are as spans of a harness's loop, with what was said as AWS's exporter adds it."""
    user = [
        block for m in invoked.messages if m["role"] == "user" for block in m["content"] if "text" in block
    ]
    answers = [m["content"] for m in invoked.messages if m["role"] == "assistant"]
    answer = [block for block in answers[-1] if "text" in block] if answers else []
    found = [_span(invoked, "invoke_agent", 0, "user", user, answer)]
    blocks = [block for message in invoked.messages for block in message["content"]]
    results = {b["toolResult"]["toolUseId"]: b["toolResult"]["content"] for b in blocks if "toolResult" in b}
    for use in (block["toolUse"] for block in blocks if "toolUse" in block):
        named = {"gen_ai.tool.name": use["name"], "gen_ai.tool.call.id": use["toolUseId"]}
        output = results.get(use["toolUseId"], [])
        found.append(_span(invoked, "execute_tool", len(found), "tool", use["input"], output, **named))
    return found


def _span(
    invoked: Invoked, kind: str, position: int, role: str, given: Any, said: Any, **more: str
) -> dict[str, Any]:
    body = {
        "input": {"messages": [{"role": role, "content": {"content": json.dumps(given)}}]},
        "output": {"messages": [{"role": "assistant", "content": {"message": json.dumps(said)}}]},
    }
    return {
        "traceId": invoked.trace_id,
        "spanId": uuid.uuid5(uuid.UUID(invoked.trace_id), str(position)).hex[:16],
        "name": kind,
        "scope": {"name": "strands.telemetry.tracer"},
        "startTimeUnixNano": invoked.began + position,
        "attributes": {"gen_ai.operation.name": kind, "session.id": invoked.session_id, **more},
        "span_events": [{"event_name": "strands.telemetry.tracer", "body": body}],
    }
