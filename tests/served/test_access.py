"""corral audit access on a served platform: nothing extra as deployed, and each thing added by hand is named."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from corral.audit.access import Matrix, Row, access_matrix
from corral.spec.load import load_environment
from tests.served.attack import Target
from tests.served.conftest import run


@pytest.fixture(scope="module")
def target(served: dict[str, Any], outputs: dict[str, dict[str, Any]], admin: boto3.Session) -> Target:
    return Target(served, outputs, admin)


@pytest.fixture
def matrix(project: Path, target: Target) -> Callable[[], Matrix]:
    environment = load_environment(project / "stacks/dev")
    return lambda: access_matrix(environment, target.session.client)


def paths(rows: list[Row]) -> set[tuple[str, str, str]]:
    return {(row.principal, row.action, row.resource) for row in rows}


@pytest.mark.control("team-isolation", "granted-tools-only")
def test_what_is_deployed_is_what_is_granted(matrix: Callable[[], Matrix]) -> None:
    found = matrix()
    assert (found.of("extra"), found.of("missing")) == ([], [])
    granted = paths(found.of("granted"))
    helpdesk, operator = "role corral-dev-agent-support-helpdesk", "role corral-dev-team-support-operator"
    assert {
        (helpdesk, "call", "tool refund-issue"),
        (helpdesk, "call knowledge-search for", "domain support-docs"),
        (helpdesk, "write", "memory support"),
        (operator, "call by URL", "front door support"),
        (operator, "call by URL", "function override"),
        ("role corral-dev-override", "write", "table overrides"),
        ("role corral-dev-drift-monitor", "write", "table drift"),
        ("role corral-dev-drift-monitor", "read", "table overrides"),
        ("role corral-dev-front-door-support", "call", "agent support/helpdesk"),
        ("arn:aws:iam::111122223333:role/support-desk", "become", operator),
        ("service cloudtrail.amazonaws.com", "write", "audit"),
        ("role corral-dev-supervisor", "write", "table approvals"),
    } <= granted
    assert all(row.opened_by for row in found.of("granted"))


@pytest.mark.control("team-isolation")
def test_results_of_queries_are_for_the_tool_that_queries(
    outputs: dict[str, dict[str, Any]], target: Target, matrix: Callable[[], Matrix]
) -> None:
    bucket = outputs[""]["documents_bucket"]
    target.session.client("s3").put_object(Bucket=bucket, Key="athena_results/q.csv", Body=b"n")
    found = matrix()
    assert (found.of("extra"), found.of("missing")) == ([], [])
    reached = {path for path in paths(found.of("granted")) if path[2] == "query results"}
    assert reached == {
        ("role corral-dev-tool-warehouse-query", each, "query results") for each in ("read", "write")
    }


@contextmanager
def statement(target: Target, role: str, **stated: Any) -> Iterator[None]:
    """A policy that somebody gave a role by hand."""
    iam = target.session.client("iam")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **stated}]}
    iam.put_role_policy(RoleName=role, PolicyName="by-hand", PolicyDocument=json.dumps(document))
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="by-hand")


HELPDESK, OPERATOR = "corral-dev-agent-support-helpdesk", "corral-dev-team-support-operator"
ARN = "arn:aws:{}:us-east-1:111122223333:{}"
STRAY = {
    "another team's memory": (
        HELPDESK,
        {
            "Action": "bedrock-agentcore:ListEvents",
            "Resource": ARN.format("bedrock-agentcore", "memory/dev_sales-*"),
        },
        {("read", "memory sales")},
    ),
    "a tool past the gateway": (
        HELPDESK,
        {
            "Action": "lambda:Invoke*",
            "Resource": ARN.format("lambda", "function:corral-dev-tool-refund-issue*"),
        },
        {("call", "function refund-issue")},
    ),
    "one document": (
        OPERATOR,
        {
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::corral-dev-documents-*/contracts/hosting-northwind.md",
        },
        {("read", "domain contracts")},
    ),
    "an agent past the front door": (
        OPERATOR,
        {
            "Action": "bedrock-agentcore:InvokeHarness",
            "Resource": ARN.format("bedrock-agentcore", "harness/dev_sales*"),
        },
        {
            *(
                ("call", f"agent sales/{name}")
                for name in ("pipeline-analyst", "weekly-report", "account-scout")
            ),
        },
    ),
    "past the boundary": (
        HELPDESK,
        {"Action": "dynamodb:PutItem", "Resource": ARN.format("dynamodb", "table/corral-dev-approvals")},
        set(),  # the boundary holds: no path
    ),
    "the supervisor's own answers": (
        "corral-dev-tool-ticket-create",
        {"Action": ["dynamodb:PutItem"], "Resource": ARN.format("dynamodb", "table/corral-dev-approvals")},
        {("write", "table approvals")},
    ),
    "everything of tables": (
        "corral-dev-supervisor",
        {"Action": "dynamodb:*", "Resource": "*"},
        {
            ("write", "table overrides"),
            ("write", "table agents"),
            *((a, f"table {t}") for a in ("read", "write") for t in ("idempotency", "tool-refund-issue")),
            *(
                (a, f"table {t}")
                for a in ("read", "write")
                for t in ("tool-ticket-create", "drift", "versions")
            ),
            *(
                (a, f"table team-{team}-requests")
                for a in ("read", "write")
                for team in ("finance", "legal", "sales", "support")
            ),
        },
    ),
}


@pytest.mark.control("team-isolation")
@pytest.mark.parametrize(("role", "stated", "expected"), STRAY.values(), ids=STRAY)
def test_a_stray_statement_is_named(
    target: Target,
    matrix: Callable[[], Matrix],
    role: str,
    stated: dict[str, Any],
    expected: set[tuple[str, str]],
) -> None:
    with statement(target, role, **stated):
        found = matrix()
    assert paths(found.of("extra")) == {(f"role {role}", *path) for path in expected}
    assert all(row.opened_by == "policy by-hand of the role" for row in found.of("extra"))
    assert found.of("missing") == []


@contextmanager
def cedar(target: Target, agent: dict[str, Any], change: Callable[[str], str]) -> Iterator[None]:
    """An agent's policy that somebody rewrote."""
    client = target.session.client("cloudcontrol")
    kind = "AWS::BedrockAgentCore::Policy"
    model = json.dumps({"PolicyEngineId": target.platform["policy_engine_id"]})
    listed = client.list_resources(TypeName=kind, ResourceModel=model)["ResourceDescriptions"]
    [found] = [each for each in listed if each["Identifier"].endswith(agent["policy_id"])]
    text = json.loads(found["Properties"])["Definition"]["Cedar"]["Statement"]
    changed = change(text)
    assert changed != text

    def put(statement: str) -> None:
        patch = [{"op": "replace", "path": "/Definition/Cedar/Statement", "value": statement}]
        client.update_resource(TypeName=kind, Identifier=found["Identifier"], PatchDocument=json.dumps(patch))

    put(changed)
    try:
        yield
    finally:
        put(text)


@pytest.mark.control("granted-tools-only")
def test_a_widened_cedar_policy_is_named(target: Target, matrix: Callable[[], Matrix]) -> None:
    def widen(text: str) -> str:
        return text.replace(f"{HELPDESK}/*", "corral-dev-agent-*").replace("<= 100000", "<= 900000")

    with cedar(target, target.agent("support", "helpdesk"), widen):
        extra = matrix().of("extra")
    scout = "role corral-dev-agent-sales-account-scout"
    assert (scout, "call", "tool refund-issue") in paths(extra)
    assert (scout, "call knowledge-search for", "domain support-docs") in paths(extra)
    assert (f"role {HELPDESK}", "call beyond its limit on amount_cents", "tool refund-issue") in paths(extra)
    assert {row.opened_by for row in extra} == {"Cedar policy dev_support_helpdesk"}
    assert matrix().of("extra") == []


def test_what_a_policy_no_longer_permits_is_missing(target: Target, matrix: Callable[[], Matrix]) -> None:
    reader = "corral-dev-agent-legal-contract-reader"
    with cedar(target, target.agent("legal", "contract-reader"), lambda t: t.replace(reader, f"{reader}2")):
        missing = paths(matrix().of("missing"))
    assert missing == {
        (f"role {reader}", "call", "tool knowledge-search"),
        (f"role {reader}", "call", "tool ticket-create"),
        (f"role {reader}", "call knowledge-search for", "domain contracts"),
    }


@pytest.mark.parametrize(
    ("principal", "shown"),
    [
        (
            "arn:aws:iam::111122223333:role/corral/dev/sales/corral-dev-team-sales-operator",
            "role corral-dev-team-sales-operator",
        ),
        ("arn:aws:iam::444455556666:root", "arn:aws:iam::444455556666:root"),
        ("*", "anybody"),
    ],
)
def test_a_front_doors_permission_for_others_is_named(
    target: Target, matrix: Callable[[], Matrix], principal: str, shown: str
) -> None:
    functions = target.session.client("lambda")
    at = {"FunctionName": target.outputs["support"]["front_door_function"], "Qualifier": "live"}
    functions.add_permission(**at, StatementId="by-hand", Action="lambda:InvokeFunction", Principal=principal)
    try:
        extra = matrix().of("extra")
    finally:
        functions.remove_permission(**at, StatementId="by-hand")
    assert (shown, "call", "front door support") in paths(extra)
    # What is open to anybody is open to each role as well; for one principal it is one path.
    assert {(row.action, row.resource) for row in extra} == {("call", "front door support")}
    assert len(extra) == 1 or shown == "anybody"
    assert matrix().of("extra") == []


def test_a_widened_trust_policy_is_named(target: Target, matrix: Callable[[], Matrix]) -> None:
    iam = target.session.client("iam")
    sound = iam.get_role(RoleName=OPERATOR)["Role"]["AssumeRolePolicyDocument"]
    people = [*sound["Statement"][0]["Principal"]["AWS"], "arn:aws:iam::111122223333:role/sales-operations"]
    wide = {**sound, "Statement": [{**sound["Statement"][0], "Principal": {"AWS": people}}]}
    iam.update_assume_role_policy(RoleName=OPERATOR, PolicyDocument=json.dumps(wide))
    try:
        extra = matrix().of("extra")
    finally:
        iam.update_assume_role_policy(RoleName=OPERATOR, PolicyDocument=json.dumps(sound))
    assert paths(extra) == {("arn:aws:iam::111122223333:role/sales-operations", "become", f"role {OPERATOR}")}


def test_the_command_says_it_and_ends_with_1(project: Path, target: Target) -> None:
    done = run(project, "audit", "access", "dev", "--local")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 extra; 0 granted and not there" in done.stdout
    role, stated, _ = STRAY["another team's memory"]
    with statement(target, role, **stated):
        done = run(project, "audit", "access", "dev", "--local")
        as_json = run(project, "audit", "access", "dev", "--local", "--json")
    assert done.returncode == as_json.returncode == 1
    assert f"extra    role {HELPDESK}: read memory sales  (policy by-hand of the role)" in done.stdout
    assert json.loads(as_json.stdout)["counts"]["extra"] == 1


def test_what_cannot_be_asked_is_usage(project: Path) -> None:
    done = run(project, "audit", "access", "dev", "--local", "--live")
    assert done.returncode == 2
    assert "no policy simulator" in done.stderr
