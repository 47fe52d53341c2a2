"""A tool that fails in a journey: its cause is said, with where in the code; the front door's caller is told less."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from corral.local.journey import explained, play, scripts
from corral.local.session import Endpoint, Session
from corral.scenarios.journey import Journey
from corral.spec.load import load_environment
from corral.spec.resolved import ResolvedAgent
from corral.spec.scenario import Scenario

TOOL = "ticket-create"
FUNCTION = f"corral-dev-tool-{TOOL}"
INPUT = {"subject": "It broke", "body": "Every evening."}


def scenario(decision: str = "allowed", **turn: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "breaks",
            "title": "t",
            "user": "This breaks.",
            "model": [{"tool": TOOL, "input": INPUT, **turn}, {"say": "Sorry."}],
            "expect": {"calls": [{"tool": TOOL, "decision": decision}]},
        }
    )


@pytest.fixture
def session(served: dict[str, Any]) -> Session:
    admin = served["admin"]
    return Session(
        Endpoint(
            served["endpoint"],
            served["region"],
            served["account"],
            admin["access_key_id"],
            admin["secret_access_key"],
        )
    )


@pytest.fixture
def agent(project: Path, session: Session, outputs: dict[str, Any]) -> Iterator[ResolvedAgent]:
    """An agent that has the tool. Its own scripts are put back."""
    found = load_environment(project / "stacks/dev").agents["support"]["helpdesk"]
    yield found
    session.put_scripts(scripts([found], outputs))


def journey(session: Session, outputs: dict[str, Any], agent: ResolvedAgent, one: Scenario) -> Journey:
    """One scenario of our own, played and explained."""
    playing = replace(agent, scenarios=(one,))
    session.put_scripts(scripts([playing], outputs))
    (played,) = explained(session, "dev", play(session, [playing], outputs), every=True)
    return played


@pytest.fixture
def spoilt(admin: boto3.Session) -> Iterator[Any]:
    """Put other code behind the tool's alias; the sound version comes back."""
    client = admin.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    sound = client.get_alias(FunctionName=FUNCTION, Name="live")["FunctionVersion"]

    def spoil(source: str) -> None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            for package in ("functions", "functions/tools", "functions/tools/ticket_create"):
                files.writestr(f"{package}/__init__.py", "")
            files.writestr("functions/tools/ticket_create/handler.py", source)
        client.update_function_configuration(FunctionName=FUNCTION, Timeout=1)
        client.update_function_code(FunctionName=FUNCTION, ZipFile=archive.getvalue())
        version = client.publish_version(FunctionName=FUNCTION)["Version"]
        client.update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=version)

    yield spoil
    client.update_alias(FunctionName=FUNCTION, Name="live", FunctionVersion=sound)


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        (
            "import nowhere",
            "Runtime.ImportModuleError: Unable to import module 'functions.tools.ticket_create.handler': "
            "No module named 'nowhere'",
        ),
        ("import time\ndef handler(e, c): time.sleep(9)", "Error: Task timed out after 1.00 seconds"),
        ("import os\ndef handler(e, c): os.abort()", "Error: Runtime exited with error: signal: aborted"),
        (
            "def handler(e, c): return {1, 2}",
            "Runtime.MarshalError: Unable to marshal response: Object of type set is not JSON serializable",
        ),
        (
            "def handler(e, c): return 'x' * 10_000_000",
            "Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload size "
            "(6291556 bytes).",
        ),
        ("def handler(e, c): raise ValueError('no such order')", "ValueError: no such order"),
    ],
    ids=["import", "timeout", "crash", "not JSON", "10 MB", "exception"],
)
def test_the_cause_is_said(
    spoilt: Any, session: Session, agent: ResolvedAgent, outputs: dict[str, Any], source: str, cause: str
) -> None:
    spoilt(source)
    played = journey(session, outputs, agent, scenario())
    assert played.problems[0] == f"tool calls were {TOOL} failed, expected {TOOL} allowed"
    assert played.problems[1].startswith(f"{TOOL}: ")
    assert played.problems[1].endswith(cause)
    (step,) = played.steps
    assert (step.arguments, step.reason) == (INPUT, "the tool failed")
    assert step.answered is not None
    assert step.answered.endswith(cause)


def test_where_in_the_code_it_was_is_said(
    spoilt: Any, session: Session, agent: ResolvedAgent, outputs: dict[str, Any]
) -> None:
    spoilt("def handler(e, c):\n    raise ValueError('no such order')")
    (step,) = journey(session, outputs, agent, scenario()).steps
    assert step.logged is not None
    assert 'handler.py", line 2, in handler' in step.logged


@pytest.mark.parametrize("fails", ["error", "timeout", "throttled"])
def test_a_failure_that_the_scenario_ordered_is_as_expected(
    session: Session, agent: ResolvedAgent, outputs: dict[str, Any], fails: str
) -> None:
    played = journey(session, outputs, agent, scenario("failed", instead={"fails": fails}))
    assert played.problems == ()
    (step,) = played.steps
    said = {"error": "RuntimeError", "timeout": "Task timed out after", "throttled": "TooManyRequests"}
    assert step.answered is not None
    assert said[fails] in step.answered
    assert step.logged is None


def test_an_ordered_failure_that_was_not_expected_is_a_problem(
    session: Session, agent: ResolvedAgent, outputs: dict[str, Any]
) -> None:
    played = journey(session, outputs, agent, scenario("allowed", instead={"fails": "error"}))
    assert [problem.split(":")[0] for problem in played.problems] == [
        f"tool calls were {TOOL} failed, expected {TOOL} allowed",
        TOOL,
    ]


def test_the_call_of_an_order_is_on_record_like_any_other(
    session: Session, agent: ResolvedAgent, outputs: dict[str, Any]
) -> None:
    def tool_calls() -> int:
        return sum(
            "tools/call" in str(record.get("requestParameters")) and TOOL in str(record["requestParameters"])
            for record in session.trail()
        )

    before = tool_calls()
    played = journey(session, outputs, agent, scenario(instead={"returns": {"ticket_id": "TCK-0"}}))
    assert played.problems == ()
    assert played.steps[0].answered == '{"ticket_id": "TCK-0"}'
    session.flush()
    assert tool_calls() == before + 1


@pytest.mark.control("cascade-limits")
def test_a_repeated_call_ends_with_the_agents_cap(
    session: Session, agent: ResolvedAgent, outputs: dict[str, Any]
) -> None:
    one = scenario(repeat=True)
    one = one.model_copy(update={"expect": one.expect.model_copy(update={"stopped": "iterations"})})
    played = journey(session, outputs, agent, one)
    assert played.problems == ()
    assert len(played.steps) == agent.limits.max_iterations
