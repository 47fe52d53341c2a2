"""What the tools of the warehouse and of reports are given: what they need of a domain, and no more."""

import json
from typing import Any

import pytest

from components.trail_selectors import DATA_EVENTS
from tests.components.aws_outputs import ACCOUNT
from tests.components.recorder import Program, Recorded

pytestmark = pytest.mark.xdist_group("components")

WORKGROUP = f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/corral-dev-warehouse"
REPORTS = f"corral-dev-reports-{ACCOUNT}-us-east-1"


def _variables(program: Program, tool: str) -> dict[str, str]:
    [function] = [
        r for r in program.of("aws:lambda/function:Function") if r.inputs["name"] == f"corral-dev-tool-{tool}"
    ]
    variables: dict[str, str] = function.inputs["environment"]["variables"]
    return variables


def _grants(program: Program, tool: str) -> dict[str, dict[str, Any]]:
    [policy] = [
        r
        for r in program.of("aws:iam/rolePolicy:RolePolicy")
        if r.inputs["role"] == f"corral-dev-tool-{tool}"
    ]
    return {statement["Sid"]: statement for statement in json.loads(policy.inputs["policy"])["Statement"]}


def test_the_warehouse_knows_of_every_domain_whose_rows_are_a_teams(programs: dict[str, Program]) -> None:
    variables = _variables(programs["dev"], "warehouse-query")
    columns = json.loads(variables["WAREHOUSE_TEAM_COLUMNS"])
    assert columns["sales-orders"] == {"orders": "team", "customers": "team"}
    assert columns.keys() == json.loads(variables["WAREHOUSE_DATABASES"]).keys()


def test_reports_are_written_and_queries_looked_up_and_neither_is_read(programs: dict[str, Program]) -> None:
    variables, grants = (of(programs["dev"], "report-write") for of in (_variables, _grants))
    assert variables["REPORTS_BUCKET"] == REPORTS
    assert variables["ATHENA_WORKGROUP"] == "corral-dev-warehouse"
    assert "WAREHOUSE_TEAM_COLUMNS" not in variables
    own = {
        name: (g["Action"], g["Resource"]) for name, g in grants.items() if name in ("Reports", "QueriesRun")
    }
    assert own == {
        "Reports": (["s3:PutObject"], [f"arn:aws:s3:::{REPORTS}/*"]),
        "QueriesRun": (["athena:GetQueryExecution"], [WORKGROUP]),
    }
    elsewhere = {action for name, g in grants.items() if name not in own for action in g["Action"]}
    assert not [action for action in elsewhere if action.startswith(("s3:", "athena:", "glue:", "dynamodb:"))]


def test_no_other_tool_runs_queries_in_the_workgroup(everything: list[Recorded]) -> None:
    """What report-write reads of a query is true because warehouse-query alone can have run it."""
    may_run = {
        policy.inputs["role"]
        for policy in everything
        if policy.type == "aws:iam/rolePolicy:RolePolicy"
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        if "athena:StartQueryExecution" in statement["Action"]
        and statement["Resource"] != [WORKGROUP.replace("-warehouse", "-audit")]  # the auditors'
    }
    assert may_run == {"corral-dev-tool-warehouse-query"}


def test_the_objects_of_every_bucket_are_recorded(programs: dict[str, Program]) -> None:
    [trail] = programs["dev"].of("aws:cloudtrail/trail:Trail")
    [kind] = DATA_EVENTS["aws:s3/bucket:Bucket"]
    recorded = {
        prefix
        for selector in trail.inputs["advancedEventSelectors"]
        if {"field": "resources.type", "equals": [kind]} in selector["fieldSelectors"]
        for field in selector["fieldSelectors"]
        if field["field"] == "resources.ARN"
        for prefix in field.get("startsWith") or field.get("startsWiths") or ()
    }
    buckets = {b.inputs["bucket"] for b in programs["dev"].of("aws:s3/bucket:Bucket")}
    assert recorded == {f"arn:aws:s3:::{bucket}/" for bucket in buckets}
