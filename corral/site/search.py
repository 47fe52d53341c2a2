"""The search: an index of every page's words as a script, so that it works from a folder without a server."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from corral.site.gather import AgentEntry, Site

SCRIPT = "search-index.js"


def index(site: Site) -> str:
    """The script. What it holds is text in ASCII without a tag in it, and search.js never makes HTML of it."""
    entries = [*_agents(site.agents), *_others(site)]
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
    return f"window.corralSearchIndex = [\n{lines}\n];\n".replace("<", "\\u003c")


def _agents(agents: Iterable[AgentEntry]) -> Iterator[dict[str, str]]:
    for agent in agents:
        spec, owner = agent.spec, agent.spec.owner
        said = (
            *(spec.template, spec.stage, spec.model_name, owner.name, owner.email, owner.on_call or ""),
            *(*spec.tools, *spec.domains, agent.card.plain),
            *map(str, spec.parameters.values()),
        )
        yield _entry("agent", agent.label, agent.path, agent.card.lead, said)
    for agent in agents:
        yield _entry("runbook", agent.label, agent.runbook, f"What to do when {agent.label} fails.", ())


def _others(site: Site) -> Iterator[dict[str, str]]:
    for name, tool in site.tools.items():
        yield _entry(
            "tool",
            name,
            f"tools/{name}.html",
            tool.summary,
            (tool.description, tool.owner.name, tool.owner.email, tool.access, f"{tool.risk} risk"),
        )
    for name, domain in site.domains.items():
        tables = [word for table in domain.tables for word in (table.name, *table.columns)]
        yield _entry(
            "domain",
            name,
            f"domains/{name}.html",
            f"A data domain, {domain.classification}, of {domain.owner.name}.",
            (domain.owner.name, domain.owner.email, *domain.readers, *tables),
        )
    for name, team in site.teams.items():
        owner = team.owner
        yield _entry(
            "team",
            name,
            f"teams/{name}.html",
            owner.name,
            (owner.email, owner.on_call or "", team.cost.center, *(agent.name for agent in team.agents)),
        )
    for template in site.templates:
        spec = template.spec
        yield _entry(
            "template",
            template.label,
            f"templates.html#{anchor(template.label)}",
            spec.summary,
            (*spec.use_when, *spec.not_when, *spec.tools, *spec.parameters),
        )


def anchor(label: str) -> str:
    """The place of a template on the templates' page: customer-support@1.0.0 is customer-support-1-0-0."""
    return re.sub(r"[^a-z0-9]+", "-", label)


def _entry(kind: str, title: str, url: str, summary: str, said: Iterable[Any]) -> dict[str, str]:
    found = sorted(set(re.findall(r"[^\W_]+", " ".join((kind, title, summary, *said)).lower())))
    return {"kind": kind, "title": title, "url": url, "summary": summary, "words": " ".join(found)}
