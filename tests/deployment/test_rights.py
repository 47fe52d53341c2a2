"""Decision rights: who may deploy which stage of which team, when, and who may all the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from corral.deployment.caller import is_local
from corral.deployment.rights import RightsError, Wanted, check, is_session_of
from corral.spec.load import Environment
from corral.spec.rights import Deploy

ACCOUNT = "111122223333"
CI = f"arn:aws:iam::{ACCOUNT}:role/corral-bootstrap/dev/corral-dev-deployer"
LEAD = f"arn:aws:iam::{ACCOUNT}:role/support-lead"
HEAD = f"arn:aws:iam::{ACCOUNT}:user/head"
MONDAY = datetime(2026, 12, 14, 10, 30, tzinfo=UTC)
ALL = Wanted(platform=True, teams=("sales", "support"))
SUPPORT = Wanted(platform=False, teams=("support",))
HOURS = {"days": ["mon", "tue"], "start": "09:00", "end": "17:00"}
FREEZE = {"start": "2026-12-20", "until": "2027-01-04", "reason": "Year end.", "exempt": ["sales"]}

Check = Callable[..., str | None]


def session(principal: str) -> str:
    """A caller as STS tells it."""
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{principal.rpartition('/')[2]}/a-session"


@pytest.fixture
def may(environment: Environment) -> Callable[..., str | None]:
    def asked(
        wanted: Wanted = ALL,
        caller: str = session(CI),
        now: datetime = MONDAY,
        reason: str | None = None,
        **deploy: Any,
    ) -> str | None:
        rights = Deploy.model_validate(deploy)
        held = replace(environment, platform=environment.platform.model_copy(update={"deploy": rights}))
        return check(held, wanted, lambda: caller, reason, now)

    return asked


def test_without_rights_nobody_is_asked(environment: Environment, may: Check) -> None:
    def never() -> str:
        raise AssertionError

    assert check(environment, ALL, never) is None
    held = replace(environment, platform=environment.platform.model_copy(update={"deploy": Deploy()}))
    assert check(held, ALL, never) is None


def test_a_right_without_limits_is_for_everything(may: Check) -> None:
    assert may(rights=[{"principals": [CI]}]) is None


def test_anyone_else_is_refused_and_told_who_may(may: Check) -> None:
    with pytest.raises(RightsError) as found:
        may(caller=session(LEAD), rights=[{"principals": [CI]}])
    lines = str(found.value).splitlines()
    assert lines[0] == f"{session(LEAD)} may not deploy the platform dev. Allowed: {CI}."
    assert f"may not deploy agents at stage pilot of team support (helpdesk). Allowed: {CI}." in str(
        found.value
    )
    assert "may not deploy team sales" in str(found.value)


def test_a_right_of_a_stage_is_for_no_other(may: Check) -> None:
    rights = [{"principals": [LEAD], "stages": ["experiment"], "teams": ["support"]}, {"principals": [CI]}]
    with pytest.raises(RightsError) as found:
        may(SUPPORT, session(LEAD), rights=rights)
    assert str(found.value).splitlines() == [
        f"{session(LEAD)} may not deploy agents at stage pilot of team support (helpdesk). Allowed: {CI}."
    ]
    rights[0]["stages"] = ["experiment", "pilot"]
    assert may(SUPPORT, session(LEAD), rights=rights) is None


def test_a_right_of_a_team_is_for_no_other_and_not_for_the_platform(may: Check) -> None:
    rights = [{"principals": [LEAD], "teams": ["support"]}]
    with pytest.raises(RightsError, match="may not deploy team sales"):
        may(Wanted(False, ("sales",)), session(LEAD), rights=rights)
    with pytest.raises(RightsError, match=r"may not deploy the platform dev\. Allowed: none"):
        may(Wanted(True, ()), session(LEAD), rights=rights)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (datetime(2026, 12, 14, 7, 59, tzinfo=UTC), "Monday, 2026-12-14 at 09:00"),  # 08:59 in Paris
        (datetime(2026, 12, 14, 16, 0, tzinfo=UTC), "Tuesday, 2026-12-15 at 09:00"),  # 17:00
        (datetime(2026, 12, 16, 12, 0, tzinfo=UTC), "Monday, 2026-12-21 at 09:00"),
        (datetime(2026, 12, 15, 23, 30, tzinfo=UTC), "Monday, 2026-12-21 at 09:00"),  # Wednesday in Paris
    ],
)
def test_outside_the_windows_it_is_closed(may: Check, now: datetime, opens: str) -> None:
    with pytest.raises(RightsError) as found:
        may(now=now, time_zone="Europe/Paris", windows=[HOURS], override=[HEAD])
    assert f"they open on {opens}." in str(found.value)
    assert f"With --override-freeze REASON may deploy: {HEAD}." in str(found.value)


@pytest.mark.parametrize("hour", [8, 15])
def test_within_a_window_it_is_open(may: Check, hour: int) -> None:
    now = datetime(2026, 12, 14, hour, 59 if hour == 15 else 0, tzinfo=UTC)
    assert may(now=now, time_zone="Europe/Paris", windows=[HOURS]) is None


def test_a_window_may_last_until_the_day_ends(may: Check) -> None:
    late = {"days": ["mon"], "start": "18:00", "end": "24:00"}
    assert may(now=datetime(2026, 12, 14, 23, 59, tzinfo=UTC), windows=[late]) is None


@pytest.mark.parametrize(
    ("now", "frozen"),
    [
        (datetime(2026, 12, 19, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 12, 20, 0, 0, tzinfo=UTC), True),
        (datetime(2027, 1, 4, 23, 59, tzinfo=UTC), True),
        (datetime(2027, 1, 5, 0, 0, tzinfo=UTC), False),
    ],
)
def test_a_freeze_includes_both_its_days(may: Check, now: datetime, frozen: bool) -> None:
    if not frozen:
        assert may(SUPPORT, now=now, freezes=[FREEZE]) is None
        return
    with pytest.raises(RightsError) as found:
        may(SUPPORT, now=now, freezes=[FREEZE])
    assert str(found.value).splitlines()[0] == (
        "support may not be deployed from 2026-12-20 until 2027-01-04, that day included (UTC), "
        "sales exempt: Year end."
    )


def test_who_is_exempt_deploys_but_not_along_with_others(may: Check) -> None:
    now = datetime(2026, 12, 24, tzinfo=UTC)
    assert may(Wanted(False, ("sales",)), now=now, freezes=[FREEZE]) is None
    with pytest.raises(RightsError, match="platform, support may not be deployed"):
        may(ALL, now=now, freezes=[FREEZE])


def test_an_override_is_for_those_who_may_and_says_all_of_it(may: Check) -> None:
    now = datetime(2026, 12, 24, tzinfo=UTC)
    rules = {"freezes": [FREEZE], "override": [HEAD]}
    with pytest.raises(RightsError, match="may not override that"):
        may(SUPPORT, session(LEAD), now, "It is urgent.", **rules)
    record = may(SUPPORT, HEAD, now, "It is urgent.", **rules)
    assert record is not None
    assert record.startswith(
        f"override by {HEAD}: It is urgent. (support may not be deployed from 2026-12-20"
    )


def test_an_override_gives_no_rights(may: Check) -> None:
    with pytest.raises(RightsError, match="may not deploy the platform"):
        may(
            caller=HEAD,
            reason="It is urgent.",
            rights=[{"principals": [CI]}],
            override=[HEAD],
            freezes=[FREEZE],
        )


def test_where_nothing_is_closed_nothing_is_overridden(may: Check) -> None:
    assert may(reason="To be sure.", freezes=[FREEZE], override=[CI]) is None


@pytest.mark.parametrize(
    ("caller", "principal", "same"),
    [
        (session(CI), CI, True),
        (HEAD, HEAD, True),
        (HEAD, f"arn:aws:iam::{ACCOUNT}:root", True),
        (session(CI), f"arn:aws:iam::{ACCOUNT}:user/corral-dev-deployer", False),
        (session(CI).replace(ACCOUNT, "999988887777"), CI, False),
        (session(CI), f"{CI}-support", False),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/head", HEAD, False),
    ],
)
def test_who_is_who(caller: str, principal: str, same: bool) -> None:
    assert is_session_of(caller, principal) is same


@pytest.mark.parametrize(
    ("endpoint", "local"),
    [
        (None, False),
        ("http://127.0.0.1:4566", True),
        ("http://localhost:4566", True),
        ("http://[::1]:4566", True),
        ("https://sts.us-east-1.amazonaws.com", False),
        ("https://localhost.example.com", False),
        ("nowhere", False),
    ],
)
def test_only_this_machine_is_local(endpoint: str | None, local: bool) -> None:
    assert is_local(endpoint) is local
