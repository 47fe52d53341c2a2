"""Sprawl: what looks alike is found with its evidence, what differs is left alone; what nobody uses or answers for."""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from corral.spec.load import load_environment
from corral.spec.look_alikes import Text, text_alike
from corral.spec.notices import Notice

ROOT = Path(__file__).parents[2]
PLATFORM = "stacks/dev/platform.yaml"
SUPPORT = "stacks/dev/teams/support.yaml"
SALES = "stacks/dev/teams/sales.yaml"
PAY_BACK = "functions/tools/pay_back/tool.yaml"
WORDS = {"Answers": "Answer", "questions": "question", "Prepares": "Prepare", "Takes": "Take", "a ": "one "}


def notices(project: Path, code: str) -> list[Notice]:
    return [n for n in load_environment(project / "stacks/dev").notices if n.code == code]


def add_agent(project: Path, team: str = "support", like: str = "guide", **changes: Any) -> None:
    """Write one more agent: a copy of one of team support's, with other parameters and keys."""
    yaml = YAML()
    of_support = yaml.load(project / SUPPORT)
    agent = copy.deepcopy(next(agent for agent in of_support["agents"] if agent["name"] == like))
    agent["name"] = "copied"
    for key, value in changes.items():
        (agent if key in ("name", "template", "tools") else agent["parameters"])[key] = value
    path = project / f"stacks/dev/teams/{team}.yaml"
    document = yaml.load(path)
    document.setdefault("agents", []).append(agent)
    yaml.dump(document, path)


def let_everyone_read(project: Path) -> None:
    for path in (project / "stacks/dev/domains").iterdir():
        path.write_text(path.read_text().replace("readers: [", "readers: [sales, support] # "))
        if "documents:" not in path.read_text():
            path.write_text(f"{path.read_text()}documents: data/manuals\n")


def test_a_copy_in_the_same_team(project: Path) -> None:
    add_agent(project, product="Switch,  ACME", level=3, tone="formal")
    (found,) = notices(project, "look-alike")
    assert found.path == SUPPORT
    assert (project / SUPPORT).read_text().splitlines()[(found.line or 0) - 1].strip() == "- name: copied"
    assert found.text == (
        "support/copied looks like support/guide (stacks/dev/teams/support.yaml:22): alike by 1.00, noted from "
        "0.85. The same: template helper@1.2.0; tools find-text; domains manuals; brief false; ratio 0.5. "
        'Different: product "Switch,  ACME" and "Acme Switch"; level 3 and 1; tone "formal" and "friendly". '
        "Share one agent, or say in the parameters what sets this one apart."
    )


def test_a_copy_in_another_team_is_found_at_the_later_one(project: Path) -> None:
    let_everyone_read(project)
    add_agent(project, "sales")
    (found,) = notices(project, "look-alike")
    assert found.path == SUPPORT
    assert found.text.startswith("support/guide looks like sales/copied (stacks/dev/teams/sales.yaml:")
    assert "Different: the name." in found.text


@pytest.mark.parametrize(
    "changes",
    [
        {"product": "Acme Router"},
        {"product": "Acme Switch 2"},
        {"product": "Acme Switch for large offices"},
        {"code": "ABC"},
        {"tools": ["pay-back", "find-text"]},
        {"domain": "orders"},
    ],
    ids=str,
)
def test_what_sets_two_agents_apart(project: Path, changes: dict[str, Any]) -> None:
    let_everyone_read(project)
    add_agent(project)
    assert notices(project, "look-alike"), "without a change they are alike"
    shutil.copy(Path(__file__).parents[1] / f"fixtures/good/{SUPPORT}", project / SUPPORT)
    add_agent(project, **changes)
    assert notices(project, "look-alike") == []


def test_the_threshold_is_the_platforms(project: Path) -> None:
    add_agent(project, product="Acme Switch mini")
    assert notices(project, "look-alike") == []
    path = project / PLATFORM
    path.write_text(path.read_text() + "sprawl: {look_alike: 0.75}\n")
    (found,) = notices(project, "look-alike")
    assert "noted from 0.75" in found.text


def test_a_private_copy_of_a_template(project: Path) -> None:
    private = project / "stacks/dev/templates/aide/1.0.0"
    shutil.copytree(project / "templates/agents/helper/1.2.0", private)
    text = (private / "template.yaml").read_text()
    text = text.replace("template: helper", "template: aide").replace("version: 1.2.0", "version: 1.0.0")
    (private / "template.yaml").write_text(text)
    add_agent(project, template="aide@1")
    (found,) = notices(project, "look-alike")
    assert "Different: template aide@1.0.0 and helper@1.2.0." in found.text

    (private / "template.yaml").write_text(text.replace("Helps customers with", "Writes adverts for"))
    assert notices(project, "look-alike") == []


def test_of_many_copies_each_is_told_of_once(project: Path) -> None:
    for letter in "abcdefghij":
        add_agent(project, name=f"copy-{letter}")
    found = notices(project, "look-alike")
    assert len(found) == 10
    assert all("looks like support/guide (" in notice.text for notice in found)


def test_dev_has_no_look_alikes() -> None:
    assert notices(ROOT, "look-alike") == []


def agents_of_dev() -> list[tuple[str, int]]:
    teams = sorted((ROOT / "stacks/dev/teams").glob("*.yaml"))
    return [(p.stem, i) for p in teams for i in range(len(YAML(typ="safe").load(p)["agents"]))]


@pytest.mark.parametrize(("team", "index"), agents_of_dev())
def test_a_copy_of_each_agent_of_dev_is_found(tmp_path: Path, team: str, index: int) -> None:
    """Another name, other forms of its words, another order, another limit: still the same agent."""
    for part in ("functions", "templates", "stacks"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    yaml = YAML()
    path = tmp_path / f"stacks/dev/teams/{team}.yaml"
    document = yaml.load(path)
    agent = copy.deepcopy(document["agents"][index])
    agent |= {"name": "copied", "limits": {"max_iterations": 5}}
    for key, value in agent["parameters"].items():
        if isinstance(value, str) and " " in value:
            for old, new in WORDS.items():
                value = value.replace(old, new, 1)
            agent["parameters"][key] = value
    document["agents"].append(agent)
    yaml.dump(document, path)
    (found,) = notices(tmp_path, "look-alike")
    assert found.text.startswith(f"{team}/copied looks like {team}/{document['agents'][index]['name']} (")


TEXTS = st.text("abc deé1", max_size=60)


@given(TEXTS, TEXTS)
def test_likeness_of_texts(one: str, other: str) -> None:
    score = text_alike(Text.of(one), Text.of(other))
    assert 0 <= score <= 1
    assert score == text_alike(Text.of(other), Text.of(one))
    assert text_alike(Text.of(one), Text.of(one.upper())) == 1


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Answers questions about travel and invoices.", "Answer question on travel and invoice", True),
        ("Invoices: answers questions about travel.", "Answers questions about travel, invoices", True),
        ("Answers questions about travel expenses.", "Answers questions about office supplies.", False),
        ("Reports sales in Austria.", "Reports sales in Australia.", False),
        ("Prepares a short briefing on a customer.", "Answers questions about orders and revenue.", False),
    ],
)  # fmt: skip
def test_likeness_of_purposes(one: str, other: str, alike: bool) -> None:
    assert (text_alike(Text.of(one), Text.of(other)) >= 0.85) is alike


def test_a_tool_that_nobody_has(project: Path, check: Callable[..., list[str]]) -> None:
    assert notices(project, "unused-tool") == []
    remove = "    approval:\n      - tool: pay-back\n        when: amount_cents > 5000\n"
    assert check(
        {"file": SUPPORT, "replace": "[find-text, pay-back]", "by": "[find-text]"},
        {"file": SUPPORT, "replace": remove, "by": ""},
    ) == []  # fmt: skip
    (found,) = notices(project, "unused-tool")
    assert (found.path, found.line) == (PLATFORM, 12)
    assert found.text.startswith("no agent has the tool pay-back. Give it to one, or take it out of tools")


def add_tool(project: Path, like: str, changes: dict[str, str]) -> None:
    folder = Path(shutil.copytree(project / f"functions/tools/{like}", project / "functions/tools/other"))
    text = (folder / "tool.yaml").read_text()
    for old, new in {f"tool: {like.replace('_', '-')}": "tool: other", **changes}.items():
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "tool.yaml").write_text(text)
    platform = project / PLATFORM
    platform.write_text(platform.read_text().replace("  find-text: {}\n", "  find-text: {}\n  other: {}\n"))


def test_a_tool_that_is_there_twice(project: Path) -> None:
    add_tool(
        project, "find_text", {"Finds passages of": "Find the passages of", "summary: Finds": "summary: Gets"}
    )
    (found,) = notices(project, "tool-twice")
    assert (found.path, found.line) == (PLATFORM, 12)
    assert found.text.startswith(
        "other looks like find-text (stacks/dev/platform.yaml:11): arguments alike by 1.00, descriptions by 0."
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"Finds passages of the documents of a domain. Use it before answering.": "Lists who may read a data domain."},
        {"    query: {type: string}\n": "    title: {type: string}\n", "[query, domain]": "[title, domain]"},
        {"limit: {type: integer}": "limit: {type: array, items: {type: string}}"},
    ],
)  # fmt: skip
def test_tools_with_a_domain_in_common_are_two(project: Path, changes: dict[str, str]) -> None:
    add_tool(project, "find_text", changes)
    assert notices(project, "tool-twice") == []


def test_a_domain_that_nobody_reads(project: Path) -> None:
    (found,) = notices(project, "unread-domain")
    assert (found.path, found.line) == ("stacks/dev/domains/orders.yaml", 2)
    assert "Its readers: sales." in found.text


def test_a_team_that_nobody_is_on_call_for(project: Path, check: Callable[..., list[str]]) -> None:
    (found,) = notices(project, "no-on-call")
    assert (found.path, found.line) == (SUPPORT, 3)
    assert found.text.startswith("nobody is on call for the 2 agents of team support. Name"), (
        "sales has no agents"
    )
    owner = "email: support@example.com"
    assert check({"file": SUPPORT, "replace": owner, "by": f"{owner}, on_call: phone@example.com"}) == []
    assert notices(project, "no-on-call") == []
