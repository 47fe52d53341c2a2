"""AgentCore and Bedrock for the front door: a server on the loopback interface that speaks their wire formats."""

import base64
import binascii
import json
import re
import struct
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from functions.front_door.handler import handler

ARN = "arn:aws:bedrock-agentcore:eu-west-1:123456789012:harness/dev_support_helpdesk-AbCdEf1234"
ALICE = "arn:aws:sts::123456789012:assumed-role/corral-dev-team-support-operator/alice"
BOB = ALICE.replace("alice", "bob")
SCHEDULES = "arn:aws:sts::123456789012:assumed-role/corral-dev-team-support-schedules"
PASSED = {"action": "NONE", "outputs": [], "assessments": [], "usage": {}}


def blocked(message: str) -> dict[str, Any]:
    topic = {"topicPolicy": {"topics": [{"name": "Legal", "type": "DENY", "action": "BLOCKED"}]}}
    said = [{"text": message}] if message else []
    return {"action": "GUARDRAIL_INTERVENED", "outputs": said, "assessments": [topic], "usage": {}}


def masked(text: str) -> dict[str, Any]:
    found = [{"match": "a@b.c", "type": "EMAIL", "action": "ANONYMIZED"}]
    assessment = {
        "sensitiveInformationPolicy": {"piiEntities": found, "regexes": []},
        "topicPolicy": {"topics": [{"name": "Legal", "type": "DENY", "action": "NONE"}]},
    }
    return {
        "action": "GUARDRAIL_INTERVENED",
        "outputs": [{"text": text}],
        "assessments": [assessment],
        "usage": {},
    }


def frame(kind: str, body: dict[str, Any], message_type: str = "event") -> bytes:
    """One message of an event stream (application/vnd.amazon.eventstream)."""
    name = ":exception-type" if message_type == "exception" else ":event-type"
    headers = b""
    for key, value in {
        ":message-type": message_type,
        name: kind,
        ":content-type": "application/json",
    }.items():
        headers += bytes([len(key)]) + key.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    payload = json.dumps(body).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", binascii.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", binascii.crc32(message))


def answering(text: str) -> list[bytes]:
    """The frames of an agent that searches and answers."""
    use = {"toolUseId": "t1", "name": "knowledge-search___knowledge-search", "type": "mcp_tool_use"}
    key = {"hookEventId": "1234abcd-12ab-34cd-56ef-1234567890ab", "name": "supervisor"}
    return [
        frame("hookEvent", {**key, "type": "before_invocation", "decision": "allow"}),
        frame("messageStart", {"role": "assistant"}),
        frame("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": use}}),
        frame("messageStop", {"stopReason": "tool_use"}),
        frame("hookEvent", {**key, "type": "before_tool_call", "decision": "allow"}),
        frame("messageStart", {"role": "user"}),
        frame(
            "contentBlockStart",
            {"contentBlockIndex": 0, "start": {"toolResult": {"toolUseId": "t1", "status": "success"}}},
        ),
        frame("messageStop", {"stopReason": "tool_result"}),
        frame("messageStart", {"role": "assistant"}),
        frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}),
        frame("messageStop", {"stopReason": "end_turn"}),
        frame(
            "metadata",
            {"usage": {"inputTokens": 50, "outputTokens": 7, "totalTokens": 57}, "metrics": {"latencyMs": 9}},
        ),
        frame("hookEvent", {**key, "type": "after_invocation", "decision": "allow"}),
    ]


class Aws(ThreadingHTTPServer):
    """AgentCore's InvokeHarness and Bedrock's ApplyGuardrail."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), AwsHandler)
        self.invocations: list[dict[str, Any]] = []
        self.checks: list[tuple[str, str]] = []
        self.applied: set[str] = set()  # guardrails, with their version
        self.guard: Callable[[str, str], dict[str, Any]] = lambda source, text: PASSED
        self.guard_status = 200
        self.stream: Callable[[], Iterator[bytes]] = lambda: iter(answering("Hold the button."))
        self.error: tuple[int, str] | None = None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of these tests."""


class AwsHandler(BaseHTTPRequestHandler):
    server: Aws
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if found := re.fullmatch(r"/guardrail/(gr123/version/3|gr456/version/7)/apply", address.path):
            self.server.applied.add(found[1].replace("/version/", ":"))
            text = body["content"][0]["text"]["text"]
            self.server.checks.append((body["source"], text))
            self._json(self.server.guard_status, self.server.guard(body["source"], text))
            return
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        session = self.headers["X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"]
        self.server.invocations.append({**query, **body, "session": session})
        if self.server.error:
            status, code = self.server.error
            self._json(status, {"message": "internal: secret"}, {"x-amzn-ErrorType": code})
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.amazon.eventstream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in self.server.stream():
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def _json(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        pass


def request(
    method: str,
    path: str,
    body: Any = None,
    caller: str | None = ALICE,
    encoded: bool = False,
    key: str | None = None,
) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {} if key is None else {"idempotency-key": key},
        "requestContext": {
            "http": {"method": method, "path": path},
            "authorizer": {"iam": {"userArn": caller, "accountId": "123456789012"}} if caller else None,
        },
        "body": base64.b64encode(text.encode()).decode() if encoded else text,
        "isBase64Encoded": encoded,
    }


def post(context: Any, body: Any, agent: str = "helpdesk", **more: Any) -> tuple[int, dict[str, Any]]:
    answer = handler(request("POST", f"/v1/agents/{agent}/messages", body, **more), context)
    assert answer["headers"]["content-type"] == "application/json"
    return answer["statusCode"], json.loads(answer["body"])
