"""What the screen shows of a run: values whole in a narrow terminal, warnings, no secret."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from corral.cli import show
from corral.front_door import Answer, ToolCall
from corral.local.engine import StackResult
from corral.local.journey import Journey
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
    monkeypatch.setattr(show, "console", Console(file=text, width=width, soft_wrap=True))
    show.report(environment, results, journeys, [], seconds=1, verbose=verbose, served=False)
    return text.getvalue()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_outputs_are_whole_at_any_width(
    monkeypatch: pytest.MonkeyPatch, environment: Environment, results: dict[str, StackResult], width: int
) -> None:
    shown = screen(monkeypatch, environment, results, [], width)
    values = "".join(line.strip("│ \n").removeprefix("gateway_url").strip() for line in shown.splitlines())
    assert GATEWAY in values


def test_no_line_of_a_journey_is_wider_than_the_terminal(
    monkeypatch: pytest.MonkeyPatch, environment: Environment, results: dict[str, StackResult]
) -> None:
    calls = (
        ToolCall("knowledge-search", "denied-by-policy", "because " * 50),
        ToolCall("refund-issue", "denied-by-supervisor", "pending approval 0123456789abcdef: a person " * 9),
    )
    answer = Answer("helpdesk", "s", "word " * 100, "end_turn", None, "r", calls)
    scenario = Scenario.model_validate(
        {"name": "n", "title": "t", "user": "u", "model": [{"say": "s"}], "expect": {}}
    )
    shown = screen(
        monkeypatch, environment, results, [Journey("support", "helpdesk", scenario, answer, ())], 80
    )
    about = [line for line in shown.splitlines() if "because" in line or "word" in line]
    assert len(about) == 2
    assert "pending approval 0123456789abcdef" in shown
    assert all(line.endswith("…") and len(line) <= 80 for line in about)
    assert "corral render dev support/helpdesk" in shown


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
