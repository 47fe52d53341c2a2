"""What the screen shows of a run: values whole in a narrow terminal, warnings, no secret."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from corral.cli import show, show_journeys
from corral.front_door import Answer, ToolCall
from corral.local.engine import StackResult
from corral.scenarios.journey import Journey
from corral.spec.load import Environment, load_environment
from corral.spec.scenario import Scenario

ROOT = Path(__file__).parents[2]
GATEWAY = "http://127.0.0.1:65535/gateways/corral-dev-0123456789/mcp/and/some/more/of/an/address"


@pytest.fixture(scope="module")
def environment() -> Environment:
    return load_environment(ROOT / "tests/fixtures/good/stacks/dev")


@pytest.fixture
def results() -> dict[str, StackResult]:
    outputs = {"gateway_url": GATEWAY, "audit_bucket": "b", "tools": {}, "password": "hunter2"}
    return {"dev": StackResult("dev", outputs, frozenset({"password"}), warnings=["[old] is deprecated"])}


def screen(
    monkeypatch: pytest.MonkeyPatch,
    environment: Environment,
    results: dict[str, StackResult],
    journeys: list[Journey],
    width: int,
    verbose: bool = False,
) -> str:
    text = io.StringIO()
    for module in (show, show_journeys):
        monkeypatch.setattr(module, "console", Console(file=text, width=width, soft_wrap=True))
    show.report(environment, results, journeys, [], seconds=1, verbose=verbose, served=False)
    return text.getvalue()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_outputs_are_whole_at_any_width(
    monkeypatch: pytest.MonkeyPatch, environment: Environment, results: dict[str, StackResult], width: int
) -> None:
    shown = screen(monkeypatch, environment, results, [], width)
    values = "".join(line.strip("│ \n").removeprefix("gateway_url").strip() for line in shown.splitlines())
    assert GATEWAY in values


CALLS = (
    ToolCall("knowledge-search", "denied-by-policy", "because " * 50),
    *[ToolCall("refund-issue", "denied-by-supervisor", "pending approval 0123456789abcdef")] * 12,
)
ANSWER = Answer("helpdesk", "s", "word " * 100, "end_turn", None, "r", CALLS)
SCENARIO = Scenario.model_validate(
    {"name": "n", "title": "A [title] " + "t" * 70, "user": "u", "model": [{"say": "s"}], "expect": {}}
)
RIGHT = Journey("support", "helpdesk", SCENARIO, ANSWER, ())
WRONG = Journey("support", "helpdesk", SCENARIO, ANSWER, ("the answer does not contain [this]",))


def test_a_journey_as_expected_is_one_line_that_fits_the_terminal(
    monkeypatch: pytest.MonkeyPatch, environment: Environment, results: dict[str, StackResult]
) -> None:
    for width in (80, 200):
        shown = screen(monkeypatch, environment, results, [RIGHT, RIGHT], width)
        after = shown[shown.index("support/helpdesk") :].splitlines()
        assert [line[:11] for line in after[1:3]] == ["✓ A [title]"] * 2
        assert after[3] == ""
        assert all(len(line) <= width for line in after[:4])
    assert "denied-by-policy knowledge-search  denied-by-supervisor refund-issue 12 times" in shown
    assert "because" not in shown
    assert "corral render dev support/helpdesk" in shown


def test_a_journey_that_is_not_as_expected_is_told_whole(
    monkeypatch: pytest.MonkeyPatch, environment: Environment, results: dict[str, StackResult]
) -> None:
    shown = screen(monkeypatch, environment, results, [RIGHT, WRONG], 80)
    assert "because " * 50 in shown
    assert shown.count("pending approval 0123456789abcdef") == 1
    assert "call 2      refund-issue  denied-by-supervisor, and so 11 more times" in shown
    assert shown.count("word " * 100) == 1
    assert "came        the answer does not contain [this]" in shown
    assert "1 not as expected" in shown


def test_verbose_tells_every_journey_whole(
    monkeypatch: pytest.MonkeyPatch, environment: Environment, results: dict[str, StackResult]
) -> None:
    assert "word " * 100 in screen(monkeypatch, environment, results, [RIGHT], 80, verbose=True)


def test_the_table_has_a_row_a_scenario_and_says_what_was_left_out() -> None:
    left_out = Journey("support", "onboarding", SCENARIO, None, (), not_played="needs a script")
    text = io.StringIO()
    Console(file=text, width=120).print(show_journeys.table([RIGHT, WRONG, left_out]))
    rows = [" ".join(line.split()) for line in text.getvalue().splitlines()]
    assert rows[1:] == [
        "support/helpdesk",
        "n ✓ as expected 0.00",
        "n ✗ not as expected 0.00",
        "support/onboarding",
        "n - not played: needs a script",
    ]
    assert show_journeys.count([RIGHT, WRONG, left_out]) == (
        "3 scenarios of 2 agents: 1 as expected, [red]1 not as expected[/red], 1 not played"
    )


def test_warnings_of_the_program_are_shown(
    monkeypatch: pytest.MonkeyPatch, environment: Environment, results: dict[str, StackResult]
) -> None:
    assert "warning dev: [old] is deprecated" in screen(monkeypatch, environment, results, [], 80)
    assert show.as_json(results, [], [])["stacks"]["dev"]["warnings"] == ["[old] is deprecated"]


def test_a_secret_output_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, environment: Environment, results: dict[str, StackResult]
) -> None:
    shown = screen(monkeypatch, environment, results, [], 80, verbose=True)
    assert "password" in shown
    assert "hunter2" not in shown
    assert "hunter2" not in json.dumps(show.as_json(results, [], []))
