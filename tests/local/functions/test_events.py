"""Asynchronous invocations: run in the background, tried again, given up on, throttled ones kept."""

import time
from typing import Any

import pytest

from corral.local.server.core import AwsError
from corral.local.server.functions.events import Events
from corral.local.server.functions.executor import Execution
from corral.local.server.functions.pool import ThrottlingError


def outcomes(*each: str | AwsError | None) -> tuple[list[tuple[str, bytes, Any]], Any]:
    """A runner that ends as told, once each, then well; with the list of what it was asked to run."""
    calls: list[tuple[str, bytes, Any]] = []
    waiting = list(each)

    def run(function: str, payload: bytes, client_context: None, qualifier: str | None) -> Execution:
        calls.append((function, payload, qualifier))
        outcome = waiting.pop(0) if waiting else None
        if isinstance(outcome, AwsError):
            raise outcome
        return Execution(200, b"{}", outcome, "", 1.0)

    return calls, run


@pytest.mark.parametrize(
    ("ends", "retries", "runs"),
    [
        ([None], 2, 1),
        (["Unhandled"], 2, 2),
        (["Unhandled"] * 9, 2, 3),
        (["Unhandled"] * 9, 0, 1),
        ([ThrottlingError("x")] * 2, 0, 3),
        ([AwsError("ResourceNotFoundException", "gone", 404)] * 9, 2, 1),
    ],
)
def test_retries(monkeypatch: pytest.MonkeyPatch, ends: list[Any], retries: int, runs: int) -> None:
    monkeypatch.setattr("corral.local.server.functions.events.THROTTLED_SECONDS", 0.01)
    calls, run = outcomes(*ends)
    events = Events(run, retry_seconds=(0.01, 0.02))
    events.put("f", "live", b"{}", retries)
    assert events.drain(5)
    assert calls == [("f", b"{}", "live")] * runs
    events.close()


def test_an_event_waiting_to_be_tried_again_holds_up_no_other() -> None:
    failing, run = outcomes("Unhandled", "Unhandled")
    events = Events(run, retry_seconds=(0.3,))
    events.put("f", None, b"1")
    events.put("f", None, b"2")
    while len(failing) < 2:
        time.sleep(0.001)
    began = time.monotonic()
    for number in range(20):
        events.put("g", None, b"%d" % number)
    while len(failing) < 22:
        time.sleep(0.001)
    assert time.monotonic() - began < 0.25
    assert events.drain(5)
    assert len(failing) == 24
    events.close()


def test_throttled_for_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corral.local.server.functions.events.MAX_AGE_SECONDS", 0)
    calls, run = outcomes(ThrottlingError("x"))
    events = Events(run)
    events.put("f", None, b"{}")
    assert events.drain(5)
    assert len(calls) == 1
    events.close()


def test_the_waits_are_kept() -> None:
    calls, run = outcomes("Unhandled", "Unhandled")
    events = Events(run, retry_seconds=(0.1, 0.2))
    began = time.monotonic()
    events.put("f", None, b"{}")
    assert events.drain(5)
    assert len(calls) == 3
    assert 0.3 <= time.monotonic() - began < 2
    events.close()
