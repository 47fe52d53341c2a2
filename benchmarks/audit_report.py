"""Times a report of 100 agents over a million decision records and a million trail records.

    python benchmarks/audit_report.py [--records 1000000] [--agents 100] [--json] [--keep FILE]

The decision records are those of audit_query.py; of the trail's, each call that was allowed has its own at the
gateway, the others are audit_query.py's. They lie in a temporary folder as Parquet, and DuckDB answers, each result
being written and read as Athena's CSV. The environment of 100 agents is written and loaded as any is; what is deployed
of it is made up: outputs, resources, and the paths of access that the specification grants. Timed is what Corral does
for a report: the questions to the records, matching each decision with its gateway record, judging the controls, the
page. What an account's APIs take to tell of the deployment is not.
"""

import argparse
import json
import os
import resource
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.audit_query import DECISIONS, NOVEMBER, TRAIL, open_records
from benchmarks.validate_scale import write
from components.audit_tables import DECISION_COLUMNS, TRAIL_COLUMNS
from corral.audit.access import Matrix, Row
from corral.audit.access_granted import granted
from corral.audit.athena import Lake, Rows, read_rows
from corral.audit.controls import assess
from corral.audit.deployed import usual_values
from corral.audit.facts import DeployedResource, Facts
from corral.audit.report.made import Report
from corral.audit.report.page import page
from corral.audit.report.records import ask_records
from corral.audit.verify import Check, Verification, match_records
from corral.spec.load import Environment, load_environment

LIMIT_SECONDS = 15.0
TEAMS = 20
# The gateway's own record of each call that was allowed: a second later, in the decision's session.
_CALLS = """
SELECT
    '1.11' AS eventversion,
    {{'type': 'AssumedRole',
      'arn': 'arn:aws:sts::111122223333:assumed-role/corral-dev-agent-' || team || '-' || agent
          || '/BedrockAgentCore-' || substr(session_id, 1, 47),
      'accountid': '111122223333',
      'sessioncontext': {{'sessionissuer': {{
          'arn': 'arn:aws:iam::111122223333:role/corral/dev/' || team || '/' || agent,
          'username': 'corral-dev-agent-' || team || '-' || agent}}}}}} AS useridentity,
    substr(time, 1, 19) || 'Z' AS eventtime,
    'bedrock-agentcore.amazonaws.com' AS eventsource,
    'InvokeGateway' AS eventname,
    '{{"body":{{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{{"name":"' || tool || '___' || tool
        || '","arguments":"REDACTED"}}}}}}' AS requestparameters,
    '{{"body":{{"jsonrpc":"2.0","id":3,"result":"REDACTED"}},"statusCode":200}}' AS responseelements,
    uuid()::VARCHAR AS requestid,
    uuid()::VARCHAR AS eventid,
    'false' AS readonly,
    'Data' AS eventcategory
FROM '{folder}/decisions.parquet'
WHERE event = 'beforeToolCall' AND decision = 'allow'
"""


class Records:
    """The records of a folder, asked as the Athena of an account is: many at a time, results as CSV."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection = open_records(folder, "parquet")
        self._asked = 0
        self._lock = threading.Lock()

    def run(self, sql: str) -> Rows:
        """Answer a SELECT."""
        with self._lock:
            cursor = self._connection.cursor()
            self._asked += 1
            path = self._folder / f"{self._asked}.csv"
        cursor.execute("SET integer_division = true")
        kinds = [_KINDS.get(row[1], "varchar") for row in cursor.execute(f"DESCRIBE {sql}").fetchall()]
        cursor.execute(f"COPY ({sql}) TO '{path}' (HEADER)")
        return read_rows(path.read_text(encoding="utf-8"), kinds)


_KINDS = {"BIGINT": "bigint", "HUGEINT": "bigint", "INTEGER": "integer", "DOUBLE": "double"}


def main() -> int:
    """Make records and environment, time a report of them, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=1_000_000, help="of each kind")
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="leave the report there to look at")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="corral-audit-report-") as name:
        folder = Path(name)
        make_records(folder, options.records)
        write(folder / "project", options.agents, TEAMS)
        environment = load_environment(folder / "project/stacks/scale")
        seconds, content, found = timed(folder, environment)
    if options.keep:
        options.keep.write_bytes(content)
    whole = sum(seconds.values())
    told = {
        "agents": options.agents,
        "records_of_each_kind": options.records,
        "cpus": os.cpu_count(),
        "seconds": {**{step: round(took, 2) for step, took in seconds.items()}, "whole": round(whole, 2)},
        "bytes": len(content),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        **found,
    }
    if options.json:
        print(json.dumps(told, indent=1))
    else:
        print(f"{options.agents} agents, {options.records:,} records of each kind, {os.cpu_count()} CPUs")
        for step, took in seconds.items():
            print(f"{step:32}{took:8.2f} s")
        print(f"{'whole':32}{whole:8.2f} s, to be under {LIMIT_SECONDS:.0f} s")
        print(f"{len(content) / 1e6:.1f} MB, {found}, peak {told['peak_mib']} MiB")
    return 0 if whole < LIMIT_SECONDS else 1


def make_records(folder: Path, count: int) -> None:
    """Write the records as Parquet."""
    with duckdb.connect() as connection:
        _copy(connection, folder, "decisions", DECISION_COLUMNS, DECISIONS.format(count=count))
        calls = _CALLS.format(folder=folder)
        others = f"SELECT * FROM ({TRAIL.format(count=count)}) WHERE eventsource NOT LIKE 'bedrock%'"
        trail = f"SELECT * FROM (({calls}) UNION ALL BY NAME ({others})) LIMIT {count}"
        _copy(connection, folder, "trail", TRAIL_COLUMNS, trail)


def _copy(
    connection: duckdb.DuckDBPyConnection, folder: Path, table: str, columns: Mapping[str, str], sql: str
) -> None:
    connection.execute(f"CREATE VIEW made AS {sql}")
    present = {row[0] for row in connection.execute("DESCRIBE made").fetchall()}
    shown = ", ".join(name for name in columns if name in present)
    connection.execute(f"COPY (SELECT {shown} FROM made) TO '{folder}/{table}.parquet'")
    connection.execute("DROP VIEW made")


def timed(folder: Path, environment: Environment) -> tuple[dict[str, float], bytes, dict[str, Any]]:
    """Make a report of November; how long each step took, the page, and what was found."""
    seconds: dict[str, float] = {}
    began_processor = time.process_time()

    @contextmanager
    def step(name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        seconds[name] = time.perf_counter() - began

    records = Records(folder)
    # The records are of an environment of another name, which queries are not asked by.
    usual = usual_values(environment)
    outputs, resources, matrix = _deployed(environment)
    with step("asking the records"):
        told = ask_records(records.run, usual, NOVEMBER, "scale")
    with step("matching decisions and calls"):
        matching = match_records(_lake(records), usual, NOVEMBER)
    settings = ("trail", "selectors", "object lock", "tables", "alerts")
    checks = [Check(name, "as deployed", []) for name in settings]
    facts = Facts(environment, outputs, resources, matrix, Verification(NOVEMBER, matching, checks))
    with step("judging the controls"):
        findings = tuple(assess(facts))
    report = Report(
        facts, findings, told, NOVEMBER, datetime.now(UTC), "benchmark", False, "scale", "aws cloudtrail"
    )
    with step("making the page"):
        content = page(report)
    assert not told.problems, told.problems
    assert report.records.totals is not None
    decisions = report.records.totals.decisions
    processor = round(
        time.process_time() - began_processor, 1
    )  # what stays the same on a machine with other work
    counts = {"decisions": decisions, "matched": matching.matched, "paths": len(matrix.rows)}
    return seconds, content, {"processor_seconds": processor, **counts}


def _lake(records: Records) -> Lake:
    """Matching asks a lake for nothing but answers."""
    lake: Any = records
    return lake


def _deployed(
    environment: Environment,
) -> tuple[dict[str, Mapping[str, Any]], tuple[DeployedResource, ...], Matrix]:
    """Outputs, resources and access of a platform deployed as it is specified."""
    name = environment.platform.environment
    tools = {
        tool: {
            "version": entry.spec.version,
            "access": entry.spec.access,
            "risk": entry.spec.risk,
            "role_arn": f"arn:aws:iam::111122223333:role/corral-{name}-tool-{tool}",
            "schema_sha256": entry.schema_sha256,
            "code_sha256": "0" * 64,
        }
        for tool, entry in environment.tools.items()
    }
    platform = {
        "trail_arn": "arn:aws:cloudtrail:us-east-1:111122223333:trail/t",
        "audit_bucket": "b",
        "audit_key_arn": "k1",
        "platform_key_arn": "k2",
        "retention_days": 400,
        "guardrail_id": "g",
        "guardrail_version": "1",
        "supervisor_arn": "s",
        "tools": tools,
    }
    teams = {
        f"{name}.{team}": {
            "agents": {
                each: {
                    "role_arn": f"arn:aws:iam::111122223333:role/corral-{name}-agent-{team}-{each}",
                    "stage": agent.stage,
                    "template": agent.template,
                    "model": agent.model_name,
                    "owner": agent.owner.email,
                    "tools": list(agent.tools),
                    "domains": list(agent.domains),
                    "policy_ids": ["p"],
                    "policy_sha256": "0" * 64,
                }
                for each, agent in agents.items()
            }
        }
        for team, agents in environment.agents.items()
    }
    harness = {"hooks": [], "allowedTools": ["@corral"], "maxIterations": 15}
    resources = tuple(
        DeployedResource(f"{name}.{team}", "aws-native:bedrockagentcore:Harness", each, harness)
        for team, agents in environment.agents.items()
        for each in agents
    )
    rows = tuple(
        Row(path.principal, path.action, path.resource, "granted", "policy")
        for path in sorted(granted(environment), key=str)
    )
    return {name: platform, **teams}, resources, Matrix(name, "111122223333", rows)


if __name__ == "__main__":
    raise SystemExit(main())
