"""After a deployment the registry records of retired agents are marked deprecated, once, and a failure is told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from corral.deployment.outcome import Outcome
from corral.deployment.pulumi_cli import PulumiCli
from corral.deployment.stacks import Deployment
from corral.spec.load import load_environment
from tests.deployment.fake_pulumi import FakePulumi, recorded

REGISTRY, RECORD = "abcdefghijkl", "123456789012"
ARN = f"arn:aws:agent-registry:us-east-1:111122223333:registry/{REGISTRY}/record/{RECORD}"
TOMBSTONE = (
    "\nretired:\n  - {name: concierge, template: blank@1.0.0, since: 2026-11-24, reason: Nobody called.}\n"
)


class Registry(ThreadingHTTPServer):
    """The registry's control plane, with one record."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = "APPROVED"
        self.reasons: list[str] = []
        self.refuses = False


class _Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        self._answer(200, {"status": self.server.status})

    def do_PATCH(self) -> None:
        assert self.path == f"/registries/{REGISTRY}/records/{RECORD}/status"
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.refuses:
            self._answer(403, {"message": "no"})
            return
        self.server.status = asked["status"]
        self.server.reasons.append(asked["statusReason"])
        self._answer(202, {"status": asked["status"]})

    def _answer(self, status: int, body: dict[str, str]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if status == 403:
            self.send_header("x-amzn-ErrorType", "AccessDeniedException")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    server = Registry()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_DISABLE_HOST_PREFIX_INJECTION", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    yield server
    server.shutdown()
    server.server_close()


def _up(project: Path, pulumi: FakePulumi, action: str = "up") -> Outcome:
    team = project / "stacks/dev/teams/support.yaml"
    if "retired:" not in team.read_text():
        team.write_text(team.read_text() + TOMBSTONE)
    pulumi.existing = ("dev", "dev.support")
    pulumi.stacks["dev.support"] = {"output": recorded("create")}
    pulumi.write()
    environment = load_environment(project / "stacks/dev")
    deployment = Deployment(environment, project, PulumiCli(), lambda *_: None, None)
    [outcome] = deployment.run(action, False, ["support"])  # type: ignore[arg-type]
    return outcome


def test_a_retired_agent_s_record_is_marked_once(
    project: Path, pulumi: FakePulumi, registry: Registry
) -> None:
    pulumi.commands["stack output"] = {"output": json.dumps({"retired": {"concierge": ARN}})}
    outcome = _up(project, pulumi)
    assert (outcome.state, outcome.deprecated, outcome.problems) == ("done", ["support/concierge"], [])
    assert (registry.status, registry.reasons) == ("DEPRECATED", ["Retired on 2026-11-24: Nobody called."])
    again = _up(project, pulumi)
    assert (again.state, again.deprecated) == ("done", [])
    assert len(registry.reasons) == 1
    assert outcome.record()["deprecated"] == ["support/concierge"]


def test_a_failure_is_told_and_fails_the_stack(project: Path, pulumi: FakePulumi, registry: Registry) -> None:
    pulumi.commands["stack output"] = {"output": json.dumps({"retired": {"concierge": ARN}})}
    registry.refuses = True
    outcome = _up(project, pulumi)
    assert (outcome.state, outcome.deprecated) == ("failed", [])
    assert len(outcome.changes) > 0, "what was done is still told"
    [problem] = outcome.problems
    assert "support/concierge: its registry record could not be marked deprecated" in problem.message
    assert "AccessDenied" in problem.message


def test_outputs_that_cannot_be_had_are_told(project: Path, pulumi: FakePulumi, registry: Registry) -> None:
    pulumi.commands["stack output"] = {"code": 255, "errors": "error: no access\n"}
    outcome = _up(project, pulumi)
    assert outcome.state == "failed"
    assert "no access: no registry record was marked deprecated" in outcome.problems[0].message


def test_a_preview_marks_nothing(project: Path, pulumi: FakePulumi, registry: Registry) -> None:
    pulumi.commands["stack output"] = {"output": json.dumps({"retired": {"concierge": ARN}})}
    assert _up(project, pulumi, "preview").deprecated == []
    assert registry.status == "APPROVED"


def test_without_a_registry_there_is_nothing_to_mark(
    project: Path, pulumi: FakePulumi, registry: Registry
) -> None:
    platform = project / "stacks/dev/platform.yaml"
    text = platform.read_text()
    assert text.count("region: us-east-1") == 1
    platform.write_text(text.replace("region: us-east-1", "region: us-east-2"))
    pulumi.commands["stack output"] = {"code": 255, "errors": "error: was asked\n"}
    outcome = _up(project, pulumi)
    assert (outcome.state, outcome.deprecated, outcome.problems) == ("done", [], [])
