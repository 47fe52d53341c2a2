"""corral upgrade: where agents stand, what a move shows, and what it makes of the file."""

import json
import shutil
from pathlib import Path

import pytest

from corral.spec.load import load_environment
from tests.cli.conftest import Corral, edit

SUPPORT = "stacks/dev/teams/support.yaml"
MOVE = ("upgrade", "dev", "support/helpdesk", "--no-scenarios")


@pytest.fixture
def project(two_majors: Path) -> Path:
    """Its helpdesk has a value for all that helper@2 changes."""
    edit(
        two_majors / SUPPORT,
        "      level: 2\n",
        "      level: 2  # of three\n      tone: friendly   # as ever\n",
    )
    return two_majors


def test_where_all_agents_stand(project: Path, corral: Corral) -> None:
    document = json.loads(corral("upgrade", "dev", "--json").stdout)
    assert document["agents"][0] == {
        "agent": "support/helpdesk",
        "template": "helper",
        "pinned": 1,
        "gets": "1.2.0",
        "newest": 2,
        "behind": True,
    }
    result = corral("upgrade", "dev")
    assert "next: corral upgrade dev support/helpdesk" in result.stdout


def test_a_move_changes_the_lines_it_must(project: Path, corral: Corral) -> None:
    before = (project / SUPPORT).read_text()
    result = corral(*MOVE, "--set", "region=EU", "--yes")
    assert result.exit_code == 0, result.output
    assert (project / SUPPORT).read_text() == (
        before.replace("helper@1", "helper@2", 1)
        .replace("      level: 2  # of three\n      tone: friendly ", "      style: warm ")
        .replace("# as ever\n", "# as ever\n      region: EU\n")
    )
    for said in (
        "note: Agents have a style now.",
        "-      tone: friendly   # as ever",
        "+      style: warm   # as ever",
        "strict",
        "--- prompt of helper@1.2.0",
        '+Tools: "find-text", "pay-back". Style "warm" in "EU".',
        "next: corral up dev --team support",
    ):
        assert said in result.stdout, said
    agent = load_environment(project / "stacks/dev").agents["support"]["helpdesk"]
    assert (agent.template, agent.parameters["style"]) == ("helper@2.0.0", "warm")
    assert corral(*MOVE).stdout == "support/helpdesk has the newest: helper@2.0.0\n"


def test_a_move_as_json(project: Path, corral: Corral) -> None:
    document = json.loads(corral(*MOVE, "--set", "region=EU", "--yes", "--json").stdout)
    assert document["written"] is True
    assert document["notes"] == ["Agents have a style now."]
    fields = {d["field"]: (d["before"], d["after"]) for d in document["differences"]}
    assert fields == {
        "template": ("helper@1.2.0", "helper@2.0.0"),
        "parameters.level": ("2", "none"),
        "parameters.tone": ('"friendly"', "none"),
        "parameters.style": ("none", '"warm"'),
        "parameters.region": ("none", '"EU"'),
        "guardrail": ("standard", "strict"),
    }
    assert "+++ prompt of helper@2.0.0" in document["prompt"]


def test_an_agent_on_one_line_and_one_without_parameters(project: Path, corral: Corral) -> None:
    move = ("upgrade", "dev", "support/guide", "--no-scenarios", "--yes", "--set", "region=EU")
    assert corral(*move).exit_code == 0
    line = "    parameters: {product: Acme Switch, domain: manuals, region: EU}\n"
    assert line in (project / SUPPORT).read_text()
    edit(
        project / "templates/agents/helper/1.2.0/template.yaml",
        "product: {type: string,",
        "product: {type: string, optional: true,",
    )
    with (project / SUPPORT).open("a") as stream:
        stream.write("  - name: bare\n    template: helper@1\n    stage: experiment\n    tools: []\n")
    result = corral("upgrade", "dev", "support/bare", *move[3:], "--set", "product=x")
    assert result.exit_code == 0, result.output
    added = "    tools: []\n    parameters: {product: x, region: EU}\n"
    assert (project / SUPPORT).read_text().endswith(added)


def test_names_that_are_swapped_and_majors_walked_one_by_one(project: Path, corral: Corral) -> None:
    templates = project / "templates/agents/helper"
    shutil.copytree(templates / "2.0.0", templates / "3.1.0")
    new = templates / "3.1.0/template.yaml"
    edit(new, "version: 2.0.0", "version: 3.1.0")
    text = new.read_text()
    new.write_text(
        text[: text.index("upgrade:")]
        + "upgrade:\n  renamed: {product: region, region: product}\n"
        + "  values: {style: {warm: formal}, product: {EU: Europe}, region: {Acme Router: AR}}\n"
    )
    before = (project / SUPPORT).read_text()
    refused = corral(*MOVE, "--set", "region=EU", "--yes")
    assert refused.exit_code == 2  # what region becomes by then is product, which nothing gives
    assert "--set product=" in refused.stderr
    result = corral(*MOVE, "--set", "product=Europe", "--yes")
    assert result.exit_code == 0, result.output
    changed = (project / SUPPORT).read_text()
    assert changed == (
        before.replace("helper@1", "helper@3", 1)
        .replace("      product: Acme Router\n", "      region: AR\n")
        .replace("      level: 2  # of three\n      tone: friendly ", "      style: formal ")
        .replace("# as ever\n", "# as ever\n      product: Europe\n")
    )
    assert (
        corral(
            "upgrade", "dev", "support/guide", "--to", "2", *MOVE[3:], "--set", "region=EU", "--yes"
        ).exit_code
        == 0
    )
    assert "    template: helper@2\n" in (project / SUPPORT).read_text()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "missing: --set region=... (Where)"),
        (("--set", "region=EU"), 2, "Write these lines? Nobody is there to answer: give --yes"),
        (("--json",), 2, "--json asks nothing: give --yes as well"),
        (("--to", "1"), 1, "support/helpdesk is at helper@1. Allowed: a later one"),
        (("--to", "7"), 1, "template helper has no version 7. Versions: 1, 2"),
        (("--set", "level=1"), 1, 'unknown parameter "level" of helper@2'),
        (("--set", "region=eu"), 1, "Allowed: text of the form [A-Z]+"),
    ],
)
def test_what_stops_it(project: Path, corral: Corral, options: tuple[str, ...], code: int, said: str) -> None:
    before = (project / SUPPORT).read_bytes()
    result = corral(*MOVE, *options)
    assert result.exit_code == code
    assert said in result.stderr
    assert (project / SUPPORT).read_bytes() == before


def test_a_value_that_the_new_version_refuses_is_asked_for(project: Path, corral: Corral) -> None:
    edit(project / "templates/agents/helper/2.0.0/template.yaml", "  values: .*\n", "")
    result = corral(*MOVE, "--set", "region=EU", "--yes")
    assert result.exit_code == 2
    assert "missing: --set style=..." in result.stderr
    assert corral(*MOVE, "--set", "region=EU", "--set", "style=warm", "--yes").exit_code == 0
    assert "      style: warm   # as ever\n" in (project / SUPPORT).read_text()


def test_a_version_with_mistakes(project: Path, corral: Corral) -> None:
    edit(project / "templates/agents/helper/2.0.0/prompt.md.j2", "in {{ parameters.region }}", "{{ no }}")
    result = corral(*MOVE, "--set", "region=EU", "--yes")
    assert result.exit_code == 1
    assert 'unknown name "no"' in result.stderr
    assert "helper/2.0.0/prompt.md.j2" in result.stderr


def test_a_version_that_says_nothing_of_the_one_before(project: Path, corral: Corral) -> None:
    template = project / "templates/agents/helper/2.0.0/template.yaml"
    text = template.read_text()
    template.write_text(text[: text.index("upgrade:")])
    result = corral("upgrade", "dev", "support/guide", *MOVE[3:], "--set", "region=EU", "--yes")
    assert result.exit_code == 0, result.output
    assert "note: helper@2 does not say how agents come to it" in result.stdout
