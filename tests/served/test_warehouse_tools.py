"""The tools of the warehouse as deployed: a team's own rows, and reports on its own queries."""

import asyncio
import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from mcp import MCPError

from corral.spec.names import mcp_tool_name
from tests.served.test_gateway_clients import agent_named, client
from tests.served.test_records import role

COUNT = "SELECT count(*) AS n FROM orders"


def call(admin: boto3.Session, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call a tool's function as the gateway does, which has no say in its arguments."""
    answer = admin.client("lambda").invoke(
        FunctionName=f"corral-dev-tool-{tool}", Qualifier="live", Payload=json.dumps(arguments).encode()
    )
    result: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    return result


def query(admin: boto3.Session, team: str, sql: str) -> dict[str, Any]:
    return call(admin, "warehouse-query", {"team": team, "domain": "sales-orders", "sql": sql})


@pytest.mark.control("team-isolation")
@pytest.mark.parametrize(("team", "rows"), [("sales", 42), ("finance", 6), ("support", 0)])
def test_a_team_counts_its_own_rows(admin: boto3.Session, team: str, rows: int) -> None:
    assert query(admin, team, COUNT)["rows"] == [[rows]]
    recursive = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) {COUNT}"
    assert query(admin, team, recursive)["rows"] == [[rows]]
    joined = "SELECT o.team FROM orders o JOIN customers c ON c.team = o.team"
    own = f"WITH mine AS ({joined}) SELECT DISTINCT team FROM mine"
    assert query(admin, team, own)["rows"] == ([[team]] if rows else [])


def test_a_report_cites_its_own_teams_queries_only(admin: boto3.Session) -> None:
    ran = query(admin, "finance", COUNT)
    report = {
        "domain": "sales-orders",
        "title": "Orders of finance",
        "body": "There are 6 orders [q1].",
        "query_ids": [ran["query_id"]],
    }
    refused = call(admin, "report-write", {**report, "team": "sales"})
    assert refused["error"]["code"] == "unknown_query"
    written = call(admin, "report-write", {**report, "team": "finance"})
    assert call(admin, "report-write", {**report, "team": "finance"}) == written
    bucket, _, key = written["uri"].removeprefix("s3://").partition("/")
    text = admin.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert f"### [q1] {ran['query_id']}" in text
    assert "    /* corral: run for team finance */ WITH orders AS" in text
    unknown = {**report, "team": "finance", "query_ids": ["00000000-0000-4000-8000-000000000000"]}
    assert call(admin, "report-write", unknown)["error"]["code"] == "unknown_query"


@pytest.mark.control("team-isolation")
def test_operators_read_their_own_teams_reports(
    admin: boto3.Session, served: dict[str, Any], outputs: dict[str, dict[str, Any]]
) -> None:
    ran = query(admin, "sales", COUNT)
    report = {
        "team": "sales",
        "domain": "sales-orders",
        "title": "Orders",
        "body": "There are 42 orders [q1].",
        "query_ids": [ran["query_id"]],
    }
    uri = call(admin, "report-write", report)["uri"]
    assert uri.startswith(outputs["sales"]["reports_uri"])
    bucket, _, key = uri.removeprefix("s3://").partition("/")

    def read(team: str) -> str:
        keys = role(served, outputs[team]["operator_role_arn"])
        person = boto3.Session(keys.access_key, keys.secret_key, keys.token, region_name=served["region"])
        return person.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()

    assert "42 orders" in read("sales")
    with pytest.raises(ClientError, match="AccessDenied"):
        read("support")


def test_a_query_that_failed_is_no_source(admin: boto3.Session) -> None:
    failed = query(admin, "sales", "SELECT CAST(product AS bigint) AS n FROM orders")
    assert failed["error"]["code"] == "query_failed"
    assert "Acme" not in failed["error"]["message"]


def test_a_contract_is_read_page_by_page(admin: boto3.Session) -> None:
    arguments = {"query": "limit of liability", "domain": "contracts", "source": "hosting-northwind.md"}
    best = call(admin, "knowledge-search", arguments)["passages"][0]
    assert (best["source"], best["page"]) == ("hosting-northwind.md", 3)


def test_an_agent_cannot_name_another_team(served: dict[str, Any]) -> None:
    async def ask(team: str) -> str:
        async with client(served, agent_named(served, "sales", "pipeline-analyst")) as session:
            arguments = {"team": team, "domain": "sales-orders", "sql": COUNT}
            return str((await session.call_tool(mcp_tool_name("warehouse-query"), arguments)).content)

    assert "42" in asyncio.run(ask("sales"))
    with pytest.raises((MCPError, ExceptionGroup)):
        asyncio.run(ask("finance"))
