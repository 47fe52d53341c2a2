"""What a function does in one invocation in place of its work, as a scenario has it."""

import json
import time
from typing import Any

import pytest
from moto.logs.models import logs_backends

from corral.local.server.core import AwsError, LocalAws
from corral.local.server.functions import Functions
from tests.local.functions.support import Deploy

SOURCE = "def handler(event, context):\n    return 'worked'\n"


def logged(aws: LocalAws) -> str:
    streams = logs_backends[aws.account][aws.region].groups["/aws/lambda/f"].streams
    return "\n".join(event.message for stream in streams.values() for event in stream.events)


def invoke(aws: LocalAws, instead: dict[str, Any] | None) -> Any:
    functions = aws.functions
    assert isinstance(functions, Functions)
    return functions.invoke("f", b"{}", instead=instead)


def test_it_answers_what_the_scenario_says_and_nothing_runs(aws: LocalAws, deploy: Deploy) -> None:
    deploy(SOURCE)
    execution = invoke(aws, {"returns": {"passages": []}, "fails": None})
    assert (execution.error, json.loads(execution.payload)) == (None, {"passages": []})
    assert aws.functions.process_ids == []  # type: ignore[attr-defined]
    assert "the function did not run" in logged(aws)
    assert invoke(aws, None).payload == b'"worked"'


def test_an_exception_ends_as_lambdas(aws: LocalAws, deploy: Deploy) -> None:
    deploy(SOURCE)
    execution = invoke(aws, {"fails": "error"})
    assert execution.error == "Unhandled"
    failure = json.loads(execution.payload)
    assert failure["errorType"] == "RuntimeError"
    assert failure["requestId"] == execution.request_id
    assert f"[ERROR] RuntimeError: {failure['errorMessage']}" in logged(aws)


def test_a_time_out_ends_as_lambdas_at_once(aws: LocalAws, deploy: Deploy) -> None:
    deploy(SOURCE, Timeout=30)
    began = time.monotonic()
    execution = invoke(aws, {"fails": "timeout"})
    assert time.monotonic() - began < 5
    failure = json.loads(execution.payload)
    assert failure["errorType"] == "Sandbox.Timedout"
    assert failure["errorMessage"].endswith("Error: Task timed out after 30.00 seconds")
    assert "Task timed out after 30.00 seconds" in logged(aws)
    assert "Duration: 30000.00 ms" in logged(aws)


def test_a_throttled_call_is_refused(aws: LocalAws, deploy: Deploy) -> None:
    deploy(SOURCE)
    with pytest.raises(AwsError, match="Rate Exceeded") as refused:
        invoke(aws, {"fails": "throttled"})
    assert (refused.value.code, refused.value.status) == ("TooManyRequestsException", 429)
    assert invoke(aws, None).payload == b'"worked"'  # its slot was given back


def test_a_function_that_is_not_there_is_not_there_for_a_scenario_either(aws: LocalAws) -> None:
    with pytest.raises(AwsError, match="f"):
        invoke(aws, {"returns": {}})
