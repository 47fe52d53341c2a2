"""Which scenarios a real model can play, and whose credentials are an operator's already."""

from typing import Any

import pytest

from corral.scenarios.live import is_session_of, needs_script
from corral.spec.scenario import Scenario

ROLE = "arn:aws:iam::111122223333:role/corral/dev/support/corral-dev-team-support-operator"


def scenario(turn: dict[str, Any], **more: Any) -> Scenario:
    content = {"name": "n", "title": "t", "user": "u", "model": [turn, {"say": "x"}], "expect": {}}
    return Scenario.model_validate(content | more)


@pytest.mark.parametrize(
    ("turn", "more", "why"),
    [
        ({"tool": "find"}, {}, ""),
        ({"tool": "find"}, {"case": "approval"}, ""),
        ({"tool": "find", "instead": {"fails": "error"}}, {}, "has a tool fail or answer by script"),
        ({"tool": "find", "instead": {"returns": {}}}, {}, "has a tool fail or answer by script"),
        ({"tool": "find", "repeat": True}, {}, "needs a model that goes on until it is stopped"),
        ({"tool": "find"}, {"case": "denied-tool"}, "needs a model that calls a tool it was not given"),
        ({"tool": "find"}, {"by": "schedule"}, "is sent by a schedule, at its times"),
    ],
)
def test_what_needs_the_script_says_why(turn: dict[str, Any], more: dict[str, Any], why: str) -> None:
    assert needs_script(scenario(turn, **more)) == why


@pytest.mark.parametrize(
    ("caller", "is_one"),
    [
        ("arn:aws:sts::111122223333:assumed-role/corral-dev-team-support-operator/ann", True),
        ("arn:aws:sts::444455556666:assumed-role/corral-dev-team-support-operator/ann", False),
        ("arn:aws:sts::111122223333:assumed-role/corral-dev-team-support-operator-2/ann", False),
        ("arn:aws:iam::111122223333:user/corral-dev-team-support-operator", False),
    ],
)
def test_a_session_of_the_role_is_told_from_all_others(caller: str, is_one: bool) -> None:
    assert is_session_of(caller, ROLE) is is_one
