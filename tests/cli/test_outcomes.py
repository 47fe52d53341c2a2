"""What the screen shows of a deployment: failures with their place, long lists folded, narrow terminals."""

import io
import json
from pathlib import Path

import pytest
from pulumi.automation import EngineEvent
from rich.console import Console

from corral.cli import outcomes as view
from corral.deployment.origin import Origins
from corral.deployment.outcome import Change, Outcome, Problem
from corral.deployment.stacks import Action
from corral.spec.load import load_environment
from tests.deployment.fake_pulumi import recorded

ROOT = Path(__file__).parents[2]


def screen(
    monkeypatch: pytest.MonkeyPatch,
    *outcomes: Outcome,
    width: int = 120,
    terminal: bool = True,
    action: Action = "up",
    verbose: bool = False,
) -> str:
    text = io.StringIO()
    console = Console(file=text, width=width, force_terminal=terminal, color_system=None, soft_wrap=True)
    monkeypatch.setattr(view, "console", console)
    view.show(outcomes, action, 1.25, verbose)
    return text.getvalue()


def played(name: str, stack: str = "dev.support") -> Outcome:
    outcome = Outcome(stack, seconds=2.0)
    origins = Origins(load_environment(ROOT / "tests/fixtures/good/stacks/dev"))
    for line in recorded(name).splitlines():
        outcome.note(EngineEvent.from_json(json.loads(line)), origins)
    outcome.state = "failed" if outcome.problems else "done"
    return outcome


def many(what: str, count: int) -> list[Change]:
    return [
        Change(what, f"urn:pulumi:dev::corral::aws:sns/topic:Topic::dev-{number}") for number in range(count)
    ]


def test_retired_agents_whose_records_were_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    marked = ["support/helpdesk", "support/concierge"]
    shown = screen(monkeypatch, Outcome("dev.support", unchanged=3, deprecated=marked))
    assert shown.splitlines()[1] == "    deprecated in the registry: support/helpdesk, support/concierge"


def test_a_failing_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = screen(
        monkeypatch, Outcome("dev", unchanged=3), played("failed"), Outcome("dev.x", "skipped", reason="r")
    )
    assert shown.splitlines() == [
        "✓ dev  3 unchanged  0.0 s",
        "✗ dev.support  4 unchanged  2.0 s",
        "    ✗ stacks/dev/teams/support.yaml:9  aws:iam:RolePolicyAttachment dev-support-helpdesk-attach",
        "      iam AttachRolePolicy: NoSuchEntity: Role nobody not found",
        "- dev.x  not begun: r",
        "failed: dev.support  not begun: 1  1.2 s",
    ]


def test_changes_with_their_properties(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = screen(monkeypatch, played("replace"))
    assert "✓ dev.support  1 updated, 2 replaced, 1 unchanged  2.0 s\n" in shown
    assert "    ~ dev-support-helpdesk-note  aws:cloudwatch:LogGroup  retentionInDays\n" in shown
    assert shown.count("    ± ") == 2


def test_a_problem_without_a_place_stands_beside_its_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = Outcome("dev", "failed", problems=[Problem("first\nsecond")])
    assert screen(monkeypatch, failed).splitlines()[:3] == [
        "✗ dev  nothing done  0.0 s",
        "    ✗ first",
        "      second",
    ]


def test_a_problem_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "    ✗\n" in screen(monkeypatch, Outcome("dev", "failed", problems=[Problem("")]))


@pytest.mark.parametrize("what", ["created", "deleted"])
def test_a_long_list_is_folded_and_says_so(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    outcome = Outcome("dev", changes=many(what, 21) + many("updated", 1))
    folded = screen(monkeypatch, outcome).splitlines()
    assert sum("dev-" in line for line in folded) == 1
    assert sum("too many to list here; --verbose lists them" in line for line in folded) == 1
    assert sum("dev-" in line for line in screen(monkeypatch, outcome, verbose=True).splitlines()) == 22
    short = Outcome("dev", changes=many(what, 20))
    assert sum("dev-" in line for line in screen(monkeypatch, short).splitlines()) == 20


def test_what_is_changed_is_never_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = Outcome("dev", changes=many("updated", 30) + many("replaced", 30))
    assert sum("dev-" in line for line in screen(monkeypatch, outcome).splitlines()) == 60


@pytest.mark.parametrize("name", ["failed", "policies", "protected", "exception", "replace"])
def test_in_a_narrow_terminal_lines_break_between_words_and_keep_their_indent(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    wide, narrow = (screen(monkeypatch, played(name), width=width) for width in (500, 60))
    lines = narrow.splitlines()
    assert max(map(len, lines)) <= 60
    assert "".join(narrow.split()) == "".join(wide.split())
    about = [line for line in lines if not line.startswith(("✓", "✗", "failed", "1.2"))]
    assert all(line.startswith("    ") for line in about)


def test_in_a_file_lines_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = screen(monkeypatch, played("policies"), width=60, terminal=False)
    assert "stacks/dev/teams/support.yaml:9  aws:cloudwatch:LogGroup dev-support-helpdesk-letters\n" in shown


def test_what_pulumi_says_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem("[red]no[/nope]", "aws:x [bold]y", "[z]:1")
    outcome = Outcome("dev", "failed", [Change("updated", "u::p::t::[n]", ("a[red].b",))], problems=[problem])
    shown = screen(monkeypatch, outcome)
    for text in ("[red]no[/nope]", "aws:x [bold]y", "[z]:1", "[n]", "a[red].b"):
        assert text in shown


def test_a_preview_says_would(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = screen(monkeypatch, played("delete"), action="preview")
    assert shown.startswith("✓ dev.support  1 to delete, 3 to leave  2.0 s\n")


def test_nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert screen(monkeypatch, Outcome("dev"), action="destroy").startswith("✓ dev  nothing there")
