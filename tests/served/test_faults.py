"""A tool that fails in a journey: the cause its function logged is said; the front door's caller is told less."""

import io
import zipfile
from typing import Any

import boto3
import pytest
from botocore.config import Config

from corral.front_door import Answer, ToolCall
from corral.local.journey import Journey, with_faults
from corral.local.session import Endpoint, Session
from corral.spec.scenario import Scenario

TOOL = "ticket-create"
FUNCTION = f"corral-dev-tool-{TOOL}"
SCENARIO = Scenario.model_validate(
    {"name": "n", "title": "t", "user": "u", "model": [{"say": "s"}], "expect": {}}
)


def played(*calls: ToolCall) -> Journey:
    return Journey(
        "support", "helpdesk", SCENARIO, Answer("helpdesk", "s", "", "end_turn", None, "r", calls), ()
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


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        (
            "import nowhere",
            "Runtime.ImportModuleError: Unable to import module 'functions.tools.ticket_create.handler': "
            "No module named 'nowhere'",
        ),
        ("import time\ndef handler(e, c): time.sleep(9)", "Task timed out after 1.00 seconds"),
        ("import os\ndef handler(e, c): os.abort()", "Runtime exited with error: signal: aborted"),
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
def test_the_cause_is_said(admin: boto3.Session, session: Session, source: str, cause: str) -> None:
    """Only $LATEST is spoilt; agents call the version behind the alias."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        for package in ("functions", "functions/tools", "functions/tools/ticket_create"):
            files.writestr(f"{package}/__init__.py", "")
        files.writestr("functions/tools/ticket_create/handler.py", source)
    client = admin.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    client.update_function_code(FunctionName=FUNCTION, ZipFile=archive.getvalue())
    client.update_function_configuration(FunctionName=FUNCTION, Timeout=1)
    assert client.invoke(FunctionName=FUNCTION, Payload=b"{}")["FunctionError"]
    failed, fine = with_faults(
        session, "dev", [played(ToolCall(TOOL, "failed")), played(ToolCall(TOOL, "allowed"))]
    )
    assert failed.problems == (f"{TOOL}: {cause}",)
    assert fine.problems == ()


def test_a_tool_without_a_log_says_where_it_would_be(session: Session) -> None:
    (journey,) = with_faults(session, "dev", [played(ToolCall("gone", "failed"))])
    assert journey.problems == ("gone: its log, /aws/lambda/corral-dev-tool-gone, has no error in it",)
