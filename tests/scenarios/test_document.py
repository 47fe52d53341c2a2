"""docs/scenarios.md names all that a scenario may say, and nothing else."""

import re
from pathlib import Path
from typing import Any, get_args

from corral.spec.scenario import Case, Decision, Expectation, Instead, Scenario, Stop, Turn

TEXT = (Path(__file__).parents[2] / "docs/scenarios.md").read_text(encoding="utf-8")


def rows(head: str) -> list[str]:
    """The first cells of the table under a head."""
    table = TEXT[TEXT.index(head) :].split("\n\n")[0]
    return [line.split("|")[1].strip() for line in table.splitlines()[2:]]


def named(head: str) -> set[str]:
    return {name for cell in rows(head) for name in re.findall(r"`([a-z_-]+)`", cell)}


def test_every_field_is_in_its_table() -> None:
    assert named("| of a scenario |") == set(Scenario.model_fields)
    assert named("| of a turn |") == set(Turn.model_fields)
    assert named("| of `expect` |") == set(Expectation.model_fields)


def test_every_case_is_in_the_table() -> None:
    assert named("| `case` | what it shows |") == set(get_args(Case))


def test_every_fault_is_in_the_table() -> None:
    kinds: Any = Instead.model_fields["fails"].annotation
    faults = {value for part in get_args(kinds) for value in get_args(part)}
    said = {cell.strip("`") for cell in rows("| | what happens |")}
    assert said == {"returns: {...}"} | {f"fails: {fault}" for fault in faults}


def test_every_decision_and_every_stop_is_named() -> None:
    for value in (*get_args(Decision), *get_args(Stop)):
        assert f"`{value}`" in TEXT
