"""One wrong line never hides another, in the same file or elsewhere."""

from collections.abc import Callable
from pathlib import Path

import pytest

from corral.spec.errors import SpecErrors
from corral.spec.load import load_environment

PLATFORM = "stacks/dev/platform.yaml"
SUPPORT = "stacks/dev/teams/support.yaml"
SALES = "stacks/dev/teams/sales.yaml"
TOOL = "functions/tools/find_text/tool.yaml"


def places(errors: list[str]) -> list[str]:
    return [error.split(" ")[0] for error in errors]


def test_in_one_file_and_across_files(check: Callable[..., list[str]]) -> None:
    errors = check(
        {"file": PLATFORM, "replace": "retention_days: 400", "by": "retention_days: 1"},
        {"file": PLATFORM, "replace": "default_model: small", "by": "default_model: tiny"},
        {"file": SUPPORT, "replace": "stage: pilot", "by": "stage: prod"},
        {"file": SUPPORT, "replace": "[find-text, pay-back]", "by": "[find-text, pay-bak]"},
        {"file": SUPPORT, "replace": "model: large", "by": "model: huge"},
        {"file": SALES, "replace": "team: sales", "by": "taem: sales"},
        {"file": TOOL, "replace": "risk: low", "by": "risk: none"},
    )
    assert places(errors) == [
        f"{TOOL}:8:7:",
        f"{PLATFORM}:9:16:",
        f"{PLATFORM}:14:19:",
        f"{SALES}:1:1:",
        f"{SALES}:2:1:",
        f"{SUPPORT}:11:12:",
        f"{SUPPORT}:16:24:",
        f"{SUPPORT}:25:12:",
    ]


def test_an_agent_left_out_does_not_shift_the_lines_of_the_next(check: Callable[..., list[str]]) -> None:
    errors = check(
        {"file": SUPPORT, "replace": "name: helpdesk", "by": "name: Help Desk"},
        {"file": SUPPORT, "replace": "model: large", "by": "model: huge"},
    )
    assert places(errors) == [f"{SUPPORT}:9:11:", f"{SUPPORT}:25:12:"]


def test_a_mistake_in_the_platform_does_not_make_its_tools_unknown(check: Callable[..., list[str]]) -> None:
    errors = check({"file": PLATFORM, "replace": 'account: "111122223333"', "by": "account: 1"})
    assert places(errors) == [f"{PLATFORM}:3:10:"]


def test_an_unreadable_platform_is_the_only_error_it_causes(check: Callable[..., list[str]]) -> None:
    assert places(check({"file": PLATFORM, "write": "{"})) == [f"{PLATFORM}:1:2:"]


def test_a_broken_tool_is_not_unknown_to_its_agents(check: Callable[..., list[str]]) -> None:
    assert places(check({"file": TOOL, "write": "tool: ["})) == [f"{TOOL}:1:8:"]


def test_the_report_counts(project: Path, check: Callable[..., list[str]]) -> None:
    check(
        {"file": SUPPORT, "replace": "stage: pilot", "by": "stage: prod"},
        {"file": SUPPORT, "replace": "model: large", "by": "model: huge"},
    )
    with pytest.raises(SpecErrors) as found:
        load_environment(project / "stacks/dev")
    assert str(found.value).startswith("2 errors\nstacks/dev/teams/support.yaml:11:12: ")
    assert [error.line for error in found.value.errors] == [11, 25]
