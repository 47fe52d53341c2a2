"""What a gate asks of files, where nothing is there: nobody on call, no pages, no scenarios, data that is not ready."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from corral.promotion.checks import from_files, scenarios
from corral.promotion.looked import Looked
from corral.scaffold.promote import promoted
from corral.spec.gates import digest_of
from corral.spec.load import Environment, load_environment

GOOD = Path(__file__).parents[1] / "fixtures/good"


class Nobody:
    """Follows nothing."""

    def event(self, event: object) -> None:
        raise AssertionError("nothing is stood up")

    def journey(self, played: object) -> object:
        raise AssertionError("nothing is played")


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return load_environment(shutil.copytree(GOOD, tmp_path / "project") / "stacks/dev")


def failing(environment: Environment, stage: str, docs: Path) -> dict[str, str]:
    agent = environment.agents["support"]["helpdesk"]
    return {each.what: each.value for each in from_files(environment, agent, stage, docs) if not each.ok}


@pytest.mark.control("stage-gates", "fail-closed")
def test_what_is_not_there_does_not_pass(environment: Environment, tmp_path: Path) -> None:
    found = failing(environment, "pilot", tmp_path / "nowhere")
    assert found["on-call owner"] == "nobody"
    assert found.keys() == {"on-call owner", "documentation"}, "a pilot's data need not be ready"
    past = failing(environment, "integration", tmp_path / "nowhere")
    assert {what: value for what, value in past.items() if what.startswith("data")} == {
        "data of manuals: freshness": "not known: its file has no fresh_within_days",
        "data of manuals: lineage": "its file has no source",
    }


@pytest.mark.control("stage-gates")
def test_an_agent_without_scenarios_does_not_pass(environment: Environment) -> None:
    agent = replace(environment.agents["support"]["helpdesk"], scenarios=())
    found = scenarios(environment.root, environment, agent, Nobody())  # type: ignore[arg-type]
    assert found == Looked("scenarios", "it has none", "all as expected", False)


def test_a_promotion_is_written_so_that_it_is_valid(environment: Environment) -> None:
    """Words of people's, colons and quotes and other letters, come back as they were decided."""
    made = {
        "agent": "support/helpdesk",
        "stage": "integration",
        "at": "2026-11-29T01:02:03.004+00:00",
        "by": "arn:aws:sts::111122223333:assumed-role/corral-dev-operator/lee",
        "reason": 'Läuft: "gut" # really\nfor all, yes',
        "figures": [{"what": "error rate", "value": "0.0% of 9 calls", "limit": "at most 5.0%"}],
    }
    made["digest"] = digest_of(made)
    file, team = promoted(environment, environment.agents["support"]["helpdesk"], made)
    assert file.path.name == "support.helpdesk.integration.yaml"
    file.path.write_bytes(file.after)
    team.path.write_bytes(team.after)
    again = load_environment(environment.folder)
    assert again.agents["support"]["helpdesk"].stage == "integration"
    assert again.promotions["support/helpdesk"].reason == made["reason"]
