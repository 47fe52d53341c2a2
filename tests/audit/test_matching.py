"""Decisions and gateway records, paired off: what fits, what is a gap, and that no other way pairs more."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from corral.audit.matching import OPEN_SECONDS, Allowed, Called, allowed, called, match

T0 = datetime(2026, 11, 10, 10, 0, 0, tzinfo=UTC)
ROLE = "corral-dev-agent-support-helpdesk"
SESSION = "11111111111111111111111111111111-22222222222222222222222222222222"


def decision(at: float, end: float | None = None, **changed: Any) -> Allowed:
    ended = None if end is None else T0 + timedelta(seconds=end)
    given = {
        "role": ROLE,
        "agent": "support/helpdesk",
        "session": SESSION,
        "tool": "search",
        "record_id": "d",
    }
    return Allowed(T0 + timedelta(seconds=at), ended, **(given | changed))


def call(at: int, **changed: Any) -> Called:
    given = {"role": ROLE, "session_name": f"BedrockAgentCore-{SESSION}"[:64], "tool": "search", "error": ""}
    return Called(T0 + timedelta(seconds=at), record_id="c", **(given | changed))


def kinds(decisions: list[Allowed], calls: list[Called]) -> list[str]:
    return [gap.kind for gap in match(decisions, calls).gaps]


def test_a_call_and_its_decision_are_a_pair_though_cloudtrail_knows_seconds_only() -> None:
    found = match([decision(0.9, 1.2)], [call(0)])
    assert (found.matched, found.gaps) == (1, [])


@pytest.mark.parametrize(
    "other",
    [
        {"role": "corral-dev-agent-sales-scout"},
        {"tool": "refund"},
        {"session_name": "BedrockAgentCore-another"},
        {"at": 60},
        {"at": -60},
    ],
)
def test_what_does_not_fit_is_two_gaps(other: dict[str, Any]) -> None:
    assert kinds([decision(0, 1)], [call(**{"at": 0} | other)]) in (
        ["no gateway record", "no decision record"],
        ["no decision record", "no gateway record"],
    )


def test_a_session_name_that_tells_nothing_fits_any_session() -> None:
    assert kinds([decision(0, 1)], [call(0, session_name="1762769000000")]) == []


def test_a_call_whose_end_is_not_on_record_has_as_long_as_a_function() -> None:
    assert kinds([decision(0)], [call(OPEN_SECONDS)]) == []
    assert len(kinds([decision(0)], [call(OPEN_SECONDS + 5)])) == 2


def test_a_record_is_used_once() -> None:
    assert kinds([decision(0, 5), decision(1, 5)], [call(2)]) == ["no gateway record"]
    assert kinds([decision(0, 5)], [call(2), call(3)]) == ["no decision record"]


def test_a_refused_try_is_no_gap_and_takes_nobodys_place() -> None:
    refused = call(1, error="AccessDeniedException")
    found = match([decision(0, 5)], [refused, call(2)])
    assert (found.matched, found.refused, found.gaps) == (1, 1, [])
    found = match([decision(0, 5)], [refused])  # allowed by the supervisor, denied by the gateway: one call
    assert (found.matched, found.refused, found.gaps) == (1, 0, [])
    assert match([], [call(1, error="ThrottlingException")]).refused == 1
    assert kinds([], [call(1, error="InternalServerException")]) == ["no decision record"]


@pytest.mark.control("complete-records")
def test_gaps_are_named() -> None:
    [gap] = match([decision(0.25, 5)], []).gaps
    assert gap.as_dict() == {
        "kind": "no gateway record",
        "at": "2026-11-10T10:00:00.250+00:00",
        "caller": "support/helpdesk",
        "session": SESSION,
        "tool": "search",
        "record_id": "d",
    }
    [gap] = match([], [call(3, session_name="somebody")]).gaps
    assert (gap.kind, gap.caller, gap.session) == ("no decision record", ROLE, "somebody")


def _most(decisions: list[Allowed], calls: list[Called]) -> int:
    """The most pairs there can be, by trying all ways."""

    def fits(one: Allowed, other: Called) -> bool:
        return match([one], [other]).matched == 1

    few, many = sorted((decisions, calls), key=len)
    test: Callable[[Any, Any], bool] = fits if few is decisions else lambda c, d: fits(d, c)
    return max(
        (sum(test(a, b) for a, b in zip(few, order, strict=True)) for order in permutations(many, len(few))),
        default=0,
    )


@pytest.mark.control("complete-records")
@pytest.mark.parametrize("seed", range(40))
def test_no_other_way_pairs_more(seed: int) -> None:
    pick = random.Random(seed)
    starts = [pick.uniform(0, 20) for _ in range(5)]
    decisions = [decision(at, at + pick.uniform(0, 12), record_id=str(n)) for n, at in enumerate(starts)]
    calls = [call(pick.randrange(0, 30)) for _ in range(pick.randrange(1, 6))]
    assert match(decisions, calls).matched == _most(decisions, calls)


def test_rows_of_the_queries_are_read_by_the_names_that_outlive_a_rename() -> None:
    row = {
        "asked_at": "2026-11-10T10:00:00.900+00:00",
        "ended_at": None,
        "environment": "dev",
        "team": "support",
        "agent": "new-name",
        "session_id": SESSION,
        "tool": "search",
        "record_id": "d",
        "harness_arn": "arn:aws:bedrock-agentcore:us-east-1:111122223333:harness/dev_support_first_name-Ab12Cd34Ef",
    }
    [read] = allowed([row | {"decision": "allow"}, row | {"decision": "deny"}])
    assert (read.role, read.agent) == ("corral-dev-agent-support-first-name", "support/new-name")
    [seen] = called(
        [
            {
                "called_at": "2026-11-10T10:00:01Z",
                "role": ROLE,
                "caller": f"arn:aws:sts::1:x/{ROLE}/name",
                "tool": "search___search",
                "error_code": None,
                "event_id": "c",
            }
        ]
    )
    assert (seen.tool, seen.session_name, seen.at.second) == ("search", "name", 1)
