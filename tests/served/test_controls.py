"""The controls of a served platform: each holds as deployed, and each fails for what breaks it, by name."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from corral.audit.access import Row
from corral.audit.control import Finding
from corral.audit.controls import CONTROLS, assess
from corral.audit.deployed import NotDeployedError
from corral.audit.facts import DeployedResource, Facts
from corral.audit.gather import gather, masked
from corral.audit.matching import Gap, Matching
from corral.audit.period import Period
from corral.audit.verify import Check
from corral.local.kept import kept_resources
from corral.spec.load import load_environment
from corral.spec.platform import Waiver
from tests.deployment.fake_pulumi import FakePulumi

NOTHING_YET = {"knowledge-keys", "runtime-network"}
AGENTCORE = "aws-native:bedrockagentcore:"
Change = Callable[[Facts], Facts]


def last_hour() -> Period:
    now = datetime.now(UTC)
    return Period(now - timedelta(hours=1), now)


@pytest.fixture(scope="module")
def facts(project: Path, served: dict[str, Any]) -> Facts:
    found = gather(project, load_environment(project / "stacks/dev"), last_hour(), local=True)
    # Of what other tests do here, such as calls cut short, this one is not to depend.
    assert found.verification is not None
    return replace(
        found, verification=replace(found.verification, matching=Matching(matched=7, refused=0, gaps=[]))
    )


def by_id(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.control.id: finding for finding in findings}


def test_as_deployed_each_holds_or_has_nothing_to_hold(facts: Facts) -> None:
    findings = assess(facts)
    assert [finding.control for finding in findings] == list(CONTROLS)
    assert facts.not_asked == {}
    assert {f.control.id: f.problems for f in findings if f.problems} == {}
    assert {f.control.id for f in findings if f.status == "does not apply"} == NOTHING_YET
    assert {f.status for f in findings if f.control.id not in NOTHING_YET} == {"holds"}
    assert all(finding.evidence for finding in findings)
    roles = sum(1 for each in facts.resources if each.type == "aws:iam/role:Role")
    said = [each.text for each in by_id(findings)["role-limits"].evidence]
    assert f"{roles} roles, each within a permissions boundary" in said


def changed(kind: str, **inputs: Any) -> Change:
    """The first resource of a type, deployed otherwise."""

    def change(facts: Facts) -> Facts:
        at = next(i for i, each in enumerate(facts.resources) if each.type == kind)
        found = facts.resources[at]
        other = replace(found, inputs={**found.inputs, **inputs})
        return replace(facts, resources=(*facts.resources[:at], other, *facts.resources[at + 1 :]))

    return change


def gone(kind: str) -> Change:
    return lambda facts: replace(facts, resources=tuple(r for r in facts.resources if r.type != kind))


def added(kind: str, **inputs: Any) -> Change:
    return lambda facts: replace(
        facts, resources=(*facts.resources, DeployedResource("dev", kind, "more", inputs))
    )


def told(stack: str, **outputs: Any) -> Change:
    return lambda facts: replace(facts, outputs={**facts.outputs, stack: {**facts.outputs[stack], **outputs}})


def reaches(principal: str, action: str, resource: str) -> Change:
    def change(facts: Facts) -> Facts:
        assert facts.matrix is not None
        row = Row(principal, action, resource, "extra", "policy by-hand")
        return replace(facts, matrix=replace(facts.matrix, rows=(*facts.matrix.rows, row)))

    return change


def checked(name: str, problem: str) -> Change:
    def change(facts: Facts) -> Facts:
        assert facts.verification is not None
        checks = [
            Check(name, "changed", [problem]) if check.name == name else check
            for check in facts.verification.checks
        ]
        return replace(facts, verification=replace(facts.verification, checks=checks))

    return change


def unmatched(facts: Facts) -> Facts:
    assert facts.verification is not None
    gap = Gap("no decision record", "2026-11-24T10:00:00", "role r", "s", "refund-issue", "e-1")
    return replace(facts, verification=replace(facts.verification, matching=Matching(7, 0, [gap])))


def other_code(facts: Facts) -> Facts:
    tools = facts.outputs["dev"]["tools"]
    return told("dev", tools={**tools, "refund-issue": {**tools["refund-issue"], "code_sha256": "0" * 64}})(
        facts
    )


def without_agent(facts: Facts) -> Facts:
    agents = dict(facts.outputs["dev.support"]["agents"])
    agents.pop("helpdesk")
    return told("dev.support", agents=agents)(facts)


def without_approvers(facts: Facts) -> Facts:
    team = facts.environment.teams["support"]
    members = team.members.model_copy(update={"approvers": ()})
    teams = {**facts.environment.teams, "support": team.model_copy(update={"members": members})}
    return replace(facts, environment=replace(facts.environment, teams=teams))


def same_keys(facts: Facts) -> Facts:
    return told("dev", audit_key_arn=facts.outputs["dev"]["platform_key_arn"])(facts)


HELPDESK = "role corral-dev-agent-support-helpdesk"
BUCKET_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
CASES: list[tuple[str, Change, str]] = [
    ("gateway-authorizer", changed(f"{AGENTCORE}Gateway", authorizerType="NONE"), "dev: Gateway "),
    ("gateway-authorizer", reaches("anybody", "call", "gateway"), "anybody can call gateway"),
    ("gateway-authorizer", gone(f"{AGENTCORE}Gateway"), "no gateway is deployed"),
    ("agentcore-keys", changed(f"{AGENTCORE}Memory", encryptionKeyArn=None), "Memory "),
    ("runtime-network", added(f"{AGENTCORE}Runtime", networkConfiguration={"networkMode": "PUBLIC"}), "PUBLIC"),
    ("runtime-network", changed(f"{AGENTCORE}Harness", allowedTools=["shell"]), "built-in tool 'shell'"),
    ("knowledge-keys", added("aws-native:bedrock:DataSource"), "DataSource more"),
    ("trail", changed("aws:cloudtrail/trail:Trail", isMultiRegionTrail=False), "isMultiRegionTrail"),
    ("trail", checked("trail", "its logging is off"), "its logging is off"),
    ("trail-coverage", added("aws:sqs/other:Other"), "aws:sqs/other:Other is deployed"),
    ("trail-coverage", changed("aws:cloudtrail/trail:Trail", advancedEventSelectors=[]), "no management events"),
    ("trail-coverage", checked("selectors", "selector 'x' is gone"), "selector 'x' is gone"),
    ("trail-coverage", checked("tables", "no records of eu-west-1"), "no records of eu-west-1"),
    ("log-retention", changed("aws:cloudwatch/logGroup:LogGroup", retentionInDays=30), "30"),
    ("log-retention", told("dev", retention_days=90), "records: kept for 90 days"),
    ("alarm-actions", added("aws:cloudwatch/metricAlarm:MetricAlarm", metricName="m"), "has no alarmActions"),
    ("function-hardening", changed("aws:lambda/function:Function", runtime="python3.8"), "python3.8"),
    ("role-limits", changed("aws:iam/role:Role", permissionsBoundary=None), "has no permissionsBoundary"),
    ("granted-tools-only", reaches(HELPDESK, "call", "tool report-write"), "which nothing grants (policy by-hand)"),
    ("granted-tools-only", reaches(HELPDESK, "call", "function refund-issue"), "function refund-issue"),
    ("granted-tools-only", changed(f"{AGENTCORE}Policy", enforcementMode="LOG_ONLY"), "LOG_ONLY"),
    ("guardrail", changed("aws-native:bedrock:Guardrail", contentPolicyConfig={}), "PROMPT_ATTACK"),
    ("tool-supply-chain", other_code, "refund-issue: the code that is deployed has the digest 000000000000…"),
    ("tool-supply-chain", gone("aws-native:agentregistry:RegistryRecord"), "the registry has no record of it"),
    ("team-isolation", reaches(HELPDESK, "read", "memory sales"), "can read memory sales"),
    ("suspension", changed(f"{AGENTCORE}Harness", hooks=[]), "beforeInvocation does not ask the supervisor"),
    ("cascade-limits", changed(f"{AGENTCORE}Harness", maxIterations=None), "has no maxIterations"),
    ("cascade-limits", gone(f"{AGENTCORE}GatewayRateLimit"), "refund-issue has no rate limit at the gateway"),
    ("audit-immutability", checked("object lock", "locked for 1 days"), "locked for 1 days"),
    ("audit-immutability", same_keys, "under the platform's own key"),
    ("change-alerts", gone("aws:cloudwatch/eventRule:EventRule"), "no rule of alerts"),
    ("change-alerts", gone("aws:cloudwatch/eventTarget:EventTarget"), "has no target"),
    ("change-alerts", changed("aws:cloudwatch/eventTarget:EventTarget", deadLetterConfig=None), "deadLetterConfig"),
    ("change-alerts", checked("alerts", "is switched off"), "is switched off"),
    ("decision-records", unmatched, "no decision record for refund-issue by role r"),
    ("decision-records", changed(f"{AGENTCORE}Harness", hooks=[]), "has no beforeToolCall hook"),
    ("approvals", without_approvers, "support: calls of its agents wait for a person"),
    ("inventory", without_agent, "support/helpdesk is specified, and not deployed"),
    ("inventory", added("aws-native:agentregistry:RegistryRecord", name="agents/sales/ghost"), "agents/sales/ghost"),
    ("data-encryption", changed("aws:kms/key:Key", enableKeyRotation=False), "enableKeyRotation"),
    ("bucket-protection", changed(BUCKET_BLOCK, blockPublicAcls=False), "blockPublicAcls"),
    ("dead-letters", changed("aws:scheduler/schedule:Schedule", target={}), "deadLetterConfig"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("control", "change", "said"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)]
)
def test_what_breaks_a_control_is_said(facts: Facts, control: str, change: Change, said: str) -> None:
    finding = by_id(assess(change(facts)))[control]
    assert finding.status == "fails"
    assert any(said in problem for problem in finding.problems), finding.problems


def test_each_control_has_been_broken() -> None:
    assert {control for control, _, _ in CASES} == {control.id for control in CONTROLS}


def test_a_waiver_is_for_what_fails_and_for_nothing_else(facts: Facts) -> None:
    waiver = Waiver(
        control="trail", reason="The account's own trail.", owner="a@example.com", expires=date(2999, 1, 1)
    )
    platform = facts.environment.platform.model_copy(update={"waivers": (waiver,)})
    waiving = replace(facts, environment=replace(facts.environment, platform=platform))
    assert (by_id(assess(waiving))["trail"].status, by_id(assess(waiving))["trail"].waiver) == ("holds", None)
    found = by_id(assess(checked("trail", "its logging is off")(waiving)))["trail"]
    assert (found.status, found.waiver, found.problems) == ("waived", waiver, ("its logging is off",))


def test_what_could_not_be_asked_is_not_known_and_why(facts: Facts) -> None:
    nothing = replace(
        facts,
        resources=(),
        matrix=None,
        verification=None,
        outputs={"dev": facts.outputs["dev"]},
        not_asked={"resources": "no state", "matrix": "AccessDenied", "verification": "no workgroup"},
    )
    findings = by_id(assess(nothing))
    assert [f.control.id for f in findings.values() if f.status != "not known"] == []
    assert "not known: no state" in [e.text for e in findings["role-limits"].evidence]
    assert [e.text for e in findings["team-isolation"].evidence] == ["not known: AccessDenied"]
    assert "not known: no workgroup" in [e.text for e in findings["trail"].evidence]
    broken = replace(nothing, matrix=facts.matrix)
    assert (
        by_id(assess(reaches("anybody", "call", "gateway")(broken)))["gateway-authorizer"].status == "fails"
    )


def export(facts: Facts, stack: str) -> str:
    """A stack's state as `pulumi stack export` prints it: with a secret, and with what has been replaced."""
    kept = [r for r in facts.resources if r.stack == stack]
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
    root = {
        "type": "pulumi:pulumi:Stack",
        "urn": f"urn:{stack}",
        "outputs": {**facts.outputs[stack], "k": secret},
    }
    resources: list[Mapping[str, Any]] = [
        root,
        {
            "type": "pulumi:providers:aws",
            "urn": "urn:pulumi:x::corral::p::default",
            "inputs": {"region": "r"},
        },
        *(
            {"type": r.type, "urn": f"urn:pulumi:x::corral::{r.type}::{r.name}", "inputs": r.inputs}
            for r in kept
        ),
        {"type": "aws:iam/role:Role", "urn": "urn:a::b::c::old", "inputs": {}, "delete": True},
    ]
    return json.dumps({"version": 3, "deployment": {"resources": resources}})


@pytest.fixture
def account(served: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The administrator's credentials in the shell: the local AWS stands for an account."""
    keys = served["admin"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["secret_access_key"])
    monkeypatch.setenv("AWS_DISABLE_HOST_PREFIX_INJECTION", "true")


def test_an_accounts_facts_come_from_the_stacks_states(
    project: Path, facts: Facts, account: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = FakePulumi(tmp_path / "pulumi")
    pulumi.install(monkeypatch)
    environment = replace(facts.environment, teams={})
    pulumi.commands["stack export"] = {"output": export(facts, "dev")}
    pulumi.write()
    found = gather(project, environment, last_hour(), local=False)
    assert found.resources == tuple(r for r in facts.resources if r.stack == "dev")
    assert found.outputs == {"dev": {**facts.outputs["dev"], "k": "[secret]"}}
    assert found.not_asked == {}
    assert found.verification is not None
    assert found.matrix is not None
    pulumi.commands["stack export"] = {"code": 255, "errors": "error: no stack named 'dev' found\n"}
    pulumi.write()
    with pytest.raises(NotDeployedError, match="the platform is not deployed"):
        gather(project, environment, last_hour(), local=False)
    pulumi.commands["stack export"] = {"code": 255, "errors": "error: incorrect passphrase\n"}
    pulumi.write()
    with pytest.raises(NotDeployedError, match=r"incorrect passphrase.*--outputs FILE"):
        gather(project, environment, last_hour(), local=False)


def test_of_an_account_a_file_of_outputs_tells_less(
    project: Path, facts: Facts, account: None, tmp_path: Path
) -> None:
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps(facts.outputs["dev"]))
    found = gather(project, facts.environment, last_hour(), local=False, outputs=path)
    assert found.not_asked == {"resources": "only the platform's outputs were given, in a file"}
    status = {finding.control.id: finding.status for finding in assess(found)}
    assert (status["team-isolation"], status["role-limits"]) == ("holds", "not known")


def test_secrets_are_masked_wherever_they_are() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"x"'}
    asset = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "path": "a.py"}
    assert masked({"a": [secret, {"b": secret}], "c": asset, "d": 1}) == {
        "a": ["[secret]", {"b": "[secret]"}],
        "c": {"path": "a.py"},
        "d": 1,
    }


def test_what_is_kept_for_the_audit_is_private_and_of_this_run(project: Path, facts: Facts) -> None:
    path = project / ".corral/dev-deployed.json"
    assert path.stat().st_mode & 0o077 == 0
    ours = json.loads((project / ".corral/dev.json").read_text())["process_id"]
    assert json.loads(path.read_text())["process_id"] == ours
    assert kept_resources(project, "dev", ours + 1) is None
