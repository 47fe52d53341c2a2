"""An agent's page has all that is true of it, from the spec as it is resolved."""

import html as escaping
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from corral.site.gather import Site
from corral.spec.errors import SpecErrors
from tests.site.conftest import site_of
from tests.site.page import Page


def flat(text: str) -> str:
    return " ".join(text.split())


def test_all_of_every_agent_is_on_its_page(dev: Site, html: dict[str, Page]) -> None:
    for agent in dev.agents:
        spec, text = agent.spec, html[agent.path].text
        wanted = [
            *(spec.owner.name, spec.owner.email, spec.owner.on_call or "nobody is named", spec.stage),
            *(spec.model_name, spec.model.id, spec.template, flat(spec.system_prompt), flat(agent.policy)),
            *spec.tools,
            *(dev.tools[tool].summary for tool in spec.tools),
            *(f"{name} {dev.domains[name].classification}" for name in spec.domains),
            *(f"limits.{key}" for key in vars(spec.limits)),
            *(f"parameters.{name}" for name in spec.parameters),
            *(word for j in spec.made_from.junctions for word in (j.when, j.who, j.what)),
            *(word for s in spec.scenarios for word in (s.title, flat(s.user))),
            agent.card.lead,
        ]
        assert [part for part in wanted if flat(str(part)) not in text] == [], agent.label
        assert [f"from {o}" for o in spec.origins.values() if o not in text] == []
        if spec.made_from.drift.accuracy is not None:
            assert "How far a measure may leave its baseline before its owner is told." in text


def test_rules_in_words(html: dict[str, Page]) -> None:
    text = html["agents/support/helpdesk.html"].text
    assert "refund-issue, when amount_cents is over 5,000" in text
    assert "amount_cents is from 1 to 100,000" in text
    assert "domain is support-docs" in text
    assert "arn:aws:iam::111122223333:role/support-lead" in text
    assert "approval[0] refund-issue, when amount_cents is over" in text
    assert "parameters.tone friendly team stacks/dev/teams/support.yaml" in text
    assert "limits.max_iterations 12 template templates/agents/customer-support/" in text
    assert "No call of it waits for a person." in html["agents/finance/policy-guide.html"].text


def test_a_card_knows_its_agent(made: Callable[..., dict[str, str]]) -> None:
    text = Page(made()["agents/support/helpdesk.html"]).text
    assert "Helps with Acme Router as helpdesk of support." in text
    assert "It reads manuals. Tools: find-text, pay-back. Level 2, brief: no." in text


def test_examples_are_quoted_for_the_shell(made: Callable[..., dict[str, str]]) -> None:
    site = made(
        (
            "templates/agents/helper/1.2.0/scenarios.yaml",
            "user: How do I reset it?",
            'user: Whats "$(id)" in `it`?'.replace("Whats", "What's"),
        )
    )
    page = escaping.unescape(site["agents/support/helpdesk.html"])
    assert """corral invoke dev support/helpdesk 'What'"'"'s "$(id)" in `it`?'""" in page
    body = json.dumps({"message": 'What\'s "$(id)" in `it`?'}).replace("'", "'\"'\"'")
    assert f"--data '{body}'" in page


def test_a_card_that_cannot_be_rendered_is_an_error_with_its_line(
    made: Callable[..., dict[str, str]],
) -> None:
    card = "templates/agents/helper/1.2.0/card.md.j2"
    with pytest.raises(SpecErrors, match=rf"{card}:8:1: cannot be rendered: ZeroDivisionError"):
        made((card, "parameters.level", "parameters.level / 0"))


def test_a_template_that_no_agent_has_yet_is_checked_as_well(project: Path) -> None:
    (project / "templates/agents/unused/1.0.0").mkdir(parents=True)
    with pytest.raises(SpecErrors, match=r"templates/agents/unused/1\.0\.0/template\.yaml: does not exist"):
        site_of(project)


def test_a_card_that_begins_with_a_title_stays_below_the_pages(made: Callable[..., dict[str, str]]) -> None:
    card = "templates/agents/helper/1.2.0/card.md.j2"
    site = made((card, "## What it does", "# What it does\n\n| a | b |\n|---|---|\n| ![x](y.png) | 1 |"))
    page = Page(site["agents/support/helpdesk.html"])
    assert page.headings.count(1) == 1
    assert "img" not in [tag for tag, _ in page.tags]
    assert ("table", {"class": "wide", "tabindex": "0"}) in page.tags
