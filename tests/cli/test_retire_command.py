"""corral retire: the agent's lines go, its name stays taken, everything else is as it was."""

import json
from datetime import UTC, datetime
from pathlib import Path

from corral.spec.load import load_environment
from tests.cli.conftest import Corral, edit

SUPPORT = "stacks/dev/teams/support.yaml"
TODAY = datetime.now(UTC).date().isoformat()


def test_an_agent_goes_and_an_entry_stays(writable: Path, corral: Corral) -> None:
    edit(
        writable / SUPPORT,
        "  - name: guide\n",
        "  # of helpdesk\n\n  # shows around\n  # since March\n  - name: guide\n",
    )
    before = (writable / SUPPORT).read_text()
    result = corral("retire", "dev", "support/guide", "--reason", "Nobody asks: it's done.", "--yes")
    assert result.exit_code == 0, result.output
    gone = before[before.index("\n  # shows around") :]
    assert (writable / SUPPORT).read_text() == before.removesuffix(gone) + (
        f"retired:\n  - name: guide\n    template: helper@1.2.0\n    since: {TODAY}\n"
        '    reason: "Nobody asks: it\'s done."\n'
    )
    assert "next: corral up dev --team support" in result.stdout
    assert "marked deprecated" in result.stdout
    team = load_environment(writable / "stacks/dev").teams["support"]
    assert [agent.name for agent in team.agents] == ["helpdesk"]
    assert (team.retired[0].name, team.retired[0].formerly) == ("guide", None)


def test_the_name_is_not_given_again(writable: Path, corral: Corral) -> None:
    assert corral("retire", "dev", "support/guide", "--reason", "Old.", "--yes").exit_code == 0
    again = ("new", "agent", "dev", "--team", "support", "--template", "helper", "--name", "guide", "--yes")
    result = corral(*again, "--set", "product=x", "--set", "domain=manuals")
    assert result.exit_code == 1
    assert '"guide" is taken' in result.stderr
    assert corral("retire", "dev", "support/guide", "--reason", "Old.", "--yes").exit_code == 1


def test_all_of_a_team_one_after_another(writable: Path, corral: Corral) -> None:
    edit(writable / SUPPORT, "  - name: helpdesk\n", "  - name: desk\n    formerly: helpdesk\n")
    document = json.loads(
        corral("retire", "dev", "support/desk", "--reason", "Old.", "--yes", "--json").stdout
    )
    assert document["written"] is True
    assert "+    formerly: helpdesk" in document["files"][0]["diff"]
    assert corral("retire", "dev", "support/guide", "--reason", "Old.", "--yes").exit_code == 0
    assert "agents: []\nretired:\n  - name: desk\n" in (writable / SUPPORT).read_text()
    result = corral(
        *("new", "agent", "--team", "support", "--template", "helper", "--name", "third", "--yes"),
        *("--set", "product=x", "--set", "domain=manuals"),
    )
    assert result.exit_code == 0, result.output
    assert "agents:\n  - name: third\n" in (writable / SUPPORT).read_text()


def test_what_stops_it(writable: Path, corral: Corral) -> None:
    before = (writable / SUPPORT).read_bytes()
    for command, code, said in (
        (("support/guide", "--reason", "no"), 1, '--reason: "no" is 2 characters long. Allowed: 3 to 300'),
        (("support/nobody", "--reason", "Old."), 1, "there is no agent support/nobody"),
        (("guide", "--reason", "Old."), 2, "is not of the form TEAM/AGENT"),
        (("support/guide", "--reason", "Old."), 2, "Nobody is there to answer: give --yes"),
    ):
        result = corral("retire", "dev", *command)
        assert (result.exit_code, said in result.stderr) == (code, True), result.stderr
    assert (writable / SUPPORT).read_bytes() == before
