"""Every agent template: rendered for its whole parameter matrix, each instruction with a source, all its cases."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from corral.spec.applicable import Reach, applies
from corral.spec.cards import render_card
from corral.spec.catalogue import TOOLS
from corral.spec.conditions import ApprovalRule, parse
from corral.spec.document import Report, load
from corral.spec.prompt import MAX_PROMPT, render_prompt
from corral.spec.scenario import Case
from corral.spec.template import Parameter
from corral.spec.templates import RULES, LoadedTemplate, TemplateStore, value_problem
from corral.spec.tool import Tool

ROOT = Path(__file__).parents[2]
CATALOGUE = {
    found.spec.tool: found.spec
    for path in sorted((ROOT / TOOLS).glob("*/tool.yaml"))
    if (found := load(path, Tool, ROOT, Report())).spec is not None
}
CASES = set(Case.__args__)  # type: ignore[attr-defined]
# What a template cannot show, and why.
NOT_SHOWN = {
    "sales-analytics": {"approval"},  # it only reads, so nothing is held
}
SAMPLES: dict[str, Any] = {
    "string": "Acme",
    "domain": "some-domain",
    "table": "some_table",
    "schedule": "rate(1 day)",
}
_SOURCE = re.compile(r"\{# from: (.+?) #\}")


def _all() -> list[LoadedTemplate]:
    report = Report()
    store = TemplateStore(ROOT, ROOT / "stacks/dev", report)
    majors = {(n, v.partition(".")[0]) for n in store.names() for v in store.versions(n)}
    found = [store.find(f"{name}@{major}") for name, major in sorted(majors)]
    assert report.errors == []
    return [template for template in found if isinstance(template, LoadedTemplate)]


TEMPLATES = _all()
each = pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.label)


def test_all_templates_are_there() -> None:
    assert {t.spec.template for t in TEMPLATES} == {
        *("blank", "customer-support", "sales-analytics", "data-reporting", "legal-review")
    }
    majors = [t.label for t in TEMPLATES if t.spec.template == "customer-support"]
    assert len(majors) == 2, "two majors, with a path between them"


def values_of(parameter: Parameter) -> list[Any]:
    """The values worth trying of one parameter; None for leaving it out."""
    found: list[Any] = [] if parameter.default is None else [parameter.default]
    if parameter.optional:
        found.append(None)
    if parameter.choices:
        return [*dict.fromkeys([*found, *parameter.choices])]
    if parameter.type == "boolean":
        return [True, False]
    if parameter.type in ("integer", "number"):
        kind = int if parameter.type == "integer" else float
        bounds = [kind(b) for b in (parameter.minimum, parameter.maximum) if b is not None]
        return [*dict.fromkeys([*found, *bounds])]
    if parameter.pattern == "[A-Z]{3}":
        return [*found, "USD"]
    if parameter.pattern:
        return [*found, "some_table"]
    longest = '"}} {% x %} # <b>' + "x" * (parameter.max_length - 18)
    plain = SAMPLES[parameter.type]
    return [*found, plain] if parameter.type != "string" else [*found, plain, longest]


def matrix(template: LoadedTemplate) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Every combination of values, with every set of tools that changes what the prompt says."""
    names = list(template.spec.parameters)
    only = template.spec.only_tools
    may = sorted(CATALOGUE if only is None else only)
    toolsets = {(), template.spec.tools, tuple(may), *((name,) for name in may)}
    choices = [values_of(template.spec.parameters[name]) for name in names]
    for values in itertools.product(*choices):
        for tools in sorted(toolsets):
            yield dict(zip(names, values, strict=True)), tools


@each
def test_every_combination_renders(template: LoadedTemplate) -> None:
    rules = (ROOT / RULES).read_text()
    assert template.prompt
    assert template.card
    count = 0
    for values, tools in matrix(template):
        for name, value in values.items():
            assert value is None or value_problem(template.spec.parameters[name], value) is None, (
                name,
                value,
            )
        context = {"parameters": values, "agent": "an-agent", "team": "a-team", "tools": tools}
        prompt = render_prompt(template.prompt, context, rules)
        card = render_card(template.card, {**context, "domains": ("some-domain",)})
        for text in (prompt.replace('\\"}} {% x %} # \\u003cb\\u003e', ""), card):
            left = re.search(r"\{\{|\}\}|\{%|\{#|#\}|\bNone\b|\bnull\b", text.replace("}} {% x %}", ""))
            assert left is None, f"left over: {text[max(0, left.start() - 60) : left.end() + 60]}"
        assert len(prompt) <= MAX_PROMPT
        assert prompt.endswith(rules.strip())
        count += 1
    assert count > 20


@each
def test_each_instruction_has_a_source(template: LoadedTemplate) -> None:
    """A line of a prompt stands under a comment that names the parameter or the part of template.yaml it serves."""
    spec = template.spec
    known = {"quoting", "summary", "use_when", "not_when", "tools", "team", "limits", "approval", "junctions"}
    known |= {f"parameters.{name}" for name in spec.parameters} | ({"schedule"} if spec.schedule else set())
    sourced: set[str] = set()
    source: list[str] = []
    for line in template.prompt_path.read_text().splitlines():
        if line.startswith("# "):
            source = []
        elif found := _SOURCE.fullmatch(line.strip()):
            source = [part.strip() for part in found[1].split(",")]
            assert set(source) <= known, f"{line}: unknown source"
            sourced.update(source)
        elif line.strip() and not re.fullmatch(r"\{%.*%\}", line.strip()):
            assert source, f"no source for: {line}"
    for name in spec.parameters:
        assert f"parameters.{name}" in sourced, f"no instruction comes from {name}"


@each
def test_it_says_when_to_use_it_and_what_people_do(template: LoadedTemplate) -> None:
    spec = template.spec
    assert spec.use_when
    assert spec.not_when
    assert spec.junctions
    assert spec.evaluators
    assert None not in spec.drift.model_dump().values()
    assert all(parameter.help for parameter in spec.parameters.values())


@each
def test_it_shows_every_case(template: LoadedTemplate) -> None:
    shown = {s.case for s in template.scenarios} - {None}
    assert CASES - shown == NOT_SHOWN.get(template.spec.template, set())
    assert len(template.scenarios) >= 8


@each
def test_a_plain_agent_of_it_plays_eight_scenarios(template: LoadedTemplate) -> None:
    spec = template.spec
    names = spec.tools or ("knowledge-search", "ticket-create")  # blank has none of its own
    tools = {name: CATALOGUE[name] for name in names}
    values = {n: v for n, p in spec.parameters.items() if (v := values_of(p)[0]) is not None}
    values |= {n: "some-domain" for n, p in spec.parameters.items() if p.type == "domain"}
    rules = tuple(
        ApprovalRule(rule.tool, parse(rule.when) if rule.when else ())
        for rule in spec.approval
        if rule.tool in tools
    )
    reach = Reach(tools, rules, ("some-domain",), "a-team")
    played = [s for s in template.scenarios if applies(s, values, reach, spec.schedule is not None)]
    assert len(played) >= 8, [s.name for s in played]


@each
def test_its_tools_exist(template: LoadedTemplate) -> None:
    used = {turn.tool for s in template.scenarios for turn in s.model if turn.tool}
    assert {*template.spec.tools, *used, *(template.spec.only_tools or ())} <= set(CATALOGUE)


def test_a_major_can_be_reached_from_the_one_before() -> None:
    """Each parameter of the former major is kept, renamed or removed, and each of its choices has a value now."""
    paths = 0
    by_label = {(t.spec.template, int(t.spec.version.partition(".")[0])): t.spec for t in TEMPLATES}
    for (name, major), spec in by_label.items():
        former = by_label.get((name, major - 1))
        if former is None:
            assert spec.upgrade is None
            continue
        paths += 1
        assert spec.upgrade is not None, f"{name}@{major} does not say how to get there"
        assert spec.upgrade.notes
        for parameter, old in former.parameters.items():
            now = spec.upgrade.renamed.get(parameter, parameter)
            assert (now in spec.parameters) != (parameter in spec.upgrade.removed)
            for choice in old.choices or ():
                value = spec.upgrade.values.get(now, {}).get(choice, choice)
                assert value_problem(spec.parameters[now], value) is None
    assert paths
