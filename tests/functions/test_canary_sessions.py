"""Which sessions a canary takes: the share, evenly and for good, and that no caller chooses or is mistaken."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from functions.common.session import began, is_tried, runtime_session_id
from functions.supervisor.handler import handler
from tests.functions.front_door_aws import ALICE, ARN, BOB, Aws, post
from tests.functions.test_measures import OF_AGENT, measured, task

Platform = Any
MANY = 10_000


@pytest.mark.parametrize("share", [1, 10, 30, 50])
def test_the_share_is_right(share: int) -> None:
    for named in (None, "ticket-{}"):
        given = [named and named.format(index) for index in range(MANY)]
        taken = sum(is_tried(runtime_session_id(ALICE, "helpdesk", each, share)) for each in given)
        expected, spread = MANY * share / 100, (MANY * share / 100 * (1 - share / 100)) ** 0.5
        assert abs(taken - expected) < 5 * spread


def test_none_and_all() -> None:
    ids = [runtime_session_id(ALICE, "helpdesk", f"t{index}", 0) for index in range(1000)]
    assert not any(map(is_tried, ids))
    assert all(is_tried(runtime_session_id(ALICE, "helpdesk", f"t{index}", 100)) for index in range(1000))


def test_where_a_session_goes_says_nothing_of_its_hash() -> None:
    """A sharding by the same id, or by its hash, sees both kinds alike."""
    ids = [runtime_session_id(ALICE, "helpdesk", f"t{index}", 30) for index in range(MANY)]
    places: tuple[Callable[[str], int], ...] = (
        lambda each: int(each[:8], 16),  # of the nonce
        lambda each: int(each[33:41], 16),  # of the seal
        lambda each: int(hashlib.sha256(each[:65].encode()).hexdigest()[:8], 16),
    )
    for place in places:
        low = [is_tried(each) for each in ids if place(each) < 2**31]
        assert abs(sum(low) / len(low) - 0.3) < 0.03


def test_a_session_stays_where_it_began() -> None:
    for share in (10, 50):
        for index in range(300):
            new = runtime_session_id(ALICE, "helpdesk", None, share)
            assert runtime_session_id(ALICE, "helpdesk", new, 0) == new
            assert runtime_session_id(ALICE, "helpdesk", new, 50) == new
            named = runtime_session_id(ALICE, "helpdesk", f"t{index}", share)
            assert runtime_session_id(ALICE, "helpdesk", f"t{index}", share) == named
            more = runtime_session_id(ALICE, "helpdesk", f"t{index}", share + 20)
            assert is_tried(more) or not is_tried(named), "a larger share takes away from no session"


def test_nobody_moves_a_session_by_its_name() -> None:
    tried = runtime_session_id(ALICE, "helpdesk", "mine", 100)
    plain = runtime_session_id(ALICE, "helpdesk", "mine", 0)
    assert tried == f"{tried.removesuffix('-canary')}-canary"
    assert 33 <= len(plain) < len(tried) <= 100
    for forged in (tried.removesuffix("-canary"), f"{plain}-canary"):
        assert runtime_session_id(ALICE, "helpdesk", forged, 0) not in (forged, tried, plain)
        assert not is_tried(runtime_session_id(ALICE, "helpdesk", forged, 0))
        assert not began(forged, ALICE, "helpdesk")
    assert runtime_session_id(BOB, "helpdesk", tried, 0) != tried
    assert began(tried, ALICE, "helpdesk")
    assert began(plain, ALICE, "helpdesk")


@pytest.fixture
def canary(server: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    known = f'{{"helpdesk": {{"harness_arn": "{ARN}", "qualifier": "live", "canary": 50}}}}'
    monkeypatch.setenv("AGENTS", known)


@pytest.mark.usefixtures("canary")
def test_the_front_door_asks_the_endpoint_of_the_session(server: Aws, context: Any) -> None:
    for index in range(20):
        answer = post(context, {"message": "hello", "session_id": f"t{index}"})[1]
        asked = server.invocations[-1]["qualifier"]
        assert asked == ("canary" if is_tried(answer["session_id"]) else "live")
    assert {each["qualifier"] for each in server.invocations} == {"canary", "live"}


def test_without_a_canary_all_go_to_live_those_that_began_with_one_as_well(server: Aws, context: Any) -> None:
    tried = runtime_session_id(ALICE, "helpdesk", None, 100)
    answer = post(context, {"message": "hello", "session_id": tried})[1]
    assert answer["session_id"] == tried, "their memory stays theirs"
    assert server.invocations[-1]["qualifier"] == "live"


@pytest.mark.parametrize(
    ("has", "tried", "endpoint"),
    [
        (True, True, {"Endpoint": "canary"}),
        (True, False, {}),
        (False, True, {}),
    ],
)
def test_what_is_tried_is_measured_apart(
    platform: Platform,
    context: Any,
    capsys: pytest.CaptureFixture[str],
    has: bool,
    tried: bool,
    endpoint: dict[str, str],
) -> None:
    canary = {"canary": '{"share": 10}'} if has else {}
    platform.agents.put_item(Item={**platform.config, **canary})
    hook = task(platform) | {"sessionId": runtime_session_id(ALICE, "helpdesk", "x", 100 if tried else 0)}
    handler(hook, context)
    assert measured(capsys) == [{**OF_AGENT, **endpoint, "JourneyCompletion": 1.0}]
