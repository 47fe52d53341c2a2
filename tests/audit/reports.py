"""A report of a platform that never was: facts made up here, records as the lake of the tests answers them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from corral.audit.access import Matrix, Row
from corral.audit.athena import Rows
from corral.audit.controls import assess
from corral.audit.facts import DeployedResource, Facts
from corral.audit.matching import Gap, Matching
from corral.audit.report.made import Report
from corral.audit.report.records import Records, ask_records
from corral.audit.verify import Check, Verification
from corral.spec.approvers import decision_rights
from corral.spec.load import load_environment
from corral.spec.platform import Waiver
from tests.audit.conftest import NOVEMBER, USUAL, Lake

ROOT = Path(__file__).parents[2]
DEV = load_environment(ROOT / "stacks/dev")
WAIVER = Waiver(
    control="runtime-network",
    reason="The crawler needs the internet.",
    owner="a@example.com",
    expires=date(2026, 12, 12),
)


def records(lake: Lake) -> Records:
    """What the records of November answer."""

    def ask(sql: str) -> Rows:
        header, *rows = lake.select(sql)
        return Rows(header, rows)

    return ask_records(ask, USUAL, NOVEMBER, "dev --since 2026-11-01")


def outputs() -> dict[str, Mapping[str, Any]]:
    """What the stacks of dev might export."""
    arn = "arn:aws:{}:us-east-1:111122223333:{}".format
    tools = {
        name: {
            "version": tool.spec.version,
            "access": tool.spec.access,
            "risk": tool.spec.risk,
            "role_arn": f"arn:aws:iam::111122223333:role/corral/dev/platform/corral-dev-tool-{name}",
            "schema_sha256": tool.schema_sha256,
            "code_sha256": "c0de" * 16,
        }
        for name, tool in DEV.tools.items()
    }
    platform = {
        "trail_arn": arn("cloudtrail", "trail/corral-dev-trail"),
        "trail_selectors_sha256": {"Management events selector": "5e1ec7ed" * 8},
        "audit_bucket": "corral-dev-audit",
        "lock_mode": "GOVERNANCE",
        "retention_days": 400.0,
        "log_groups": {"/aws/lambda/corral-dev-supervisor": 400},
        "audit_key_arn": arn("kms", "key/audit"),
        "platform_key_arn": arn("kms", "key/platform"),
        "audit_queries": {"session": "11111111-2222"},
        "guardrail_id": "g-1",
        "guardrail_version": "3",
        "policy_engine_mode": "ENFORCE",
        "supervisor_arn": arn("lambda", "function:corral-dev-supervisor:live"),
        "tools": tools,
        "one_more": {"thing": True},
    }
    teams = {
        f"dev.{team}": {
            "team_key_arn": arn("kms", f"key/{team}"),
            "approvers": decision_rights(DEV.teams[team], DEV.agents[team]),
            "agents": {
                name: {
                    "role_arn": f"arn:aws:iam::111122223333:role/corral/dev/{team}/corral-dev-agent-{team}-{name}",
                    "stage": agent.stage,
                    "template": agent.template,
                    "model": agent.model_name,
                    "owner": agent.owner.email,
                    "tools": list(agent.tools),
                    "domains": list(agent.domains),
                    "policy_ids": [f"policy_{name}"],
                    "policy_sha256": "ceda" * 16,
                }
                for name, agent in agents.items()
            },
        }
        for team, agents in DEV.agents.items()
    }
    return {"dev": platform, **teams}


def facts() -> Facts:
    """One path too many, one gap, one waiver, and a gateway that asks nobody."""
    matrix = Matrix(
        "dev",
        "111122223333",
        (
            Row(
                "role corral-dev-agent-support-helpdesk",
                "call",
                "tool refund-issue",
                "granted",
                "Cedar policy p",
            ),
            Row("role corral-dev-agent-support-helpdesk", "read", "memory sales", "extra", "policy by-hand"),
            Row("role corral-dev-gateway", "call", "function refund-issue", "granted", "policy q"),
            Row("role corral-dev-gateway", "call", "function web-search", "missing", None),
        ),
    )
    gap = Gap("no decision record", "2026-11-10T10:00:00", "role r", "session-1", "refund-issue", "e-1")
    checks = [Check("trail", "records all regions", []), Check("selectors", "20 selectors", [])]
    checks += [
        Check("object lock", "GOVERNANCE, 1 days", ["locked for 1 days"]),
        Check("tables", "us-east-1", []),
        Check("alerts", "12 rules", []),
    ]
    platform = DEV.platform.model_copy(update={"waivers": (WAIVER,)})
    gateway = DeployedResource(
        "dev", "aws-native:bedrockagentcore:Gateway", "dev-gateway", {"authorizerType": "NONE"}
    )
    return Facts(
        environment=replace(DEV, platform=platform),
        outputs=outputs(),
        resources=(gateway,),
        matrix=matrix,
        verification=Verification(NOVEMBER, Matching(matched=1204, refused=1, gaps=[gap]), checks),
    )


def report(found: Facts, told: Records) -> Report:
    """The report of these facts and records, made on 28 November."""
    return Report(
        facts=found,
        findings=tuple(assess(found)),
        records=told,
        period=NOVEMBER,
        made=datetime(2026, 11, 28, 12, 30, tzinfo=UTC),
        version="0.1.0",
        local=False,
        arguments="dev --since 2026-11-01",
        validate_logs="aws cloudtrail validate-logs --trail-arn t",
    )
