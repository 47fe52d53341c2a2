"""Every page of a site, by its path: the same bytes for the same spec, with no time and no machine in them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment as Jinja
from jinja2 import FileSystemLoader, StrictUndefined

from corral.site import examples, search, words
from corral.site.folder import MARKER, MARKER_TEXT
from corral.site.gather import Site

TEMPLATES = Path("templates/site")
_COPIED = ("site.css", "search.js")


class NoTemplatesError(Exception):
    """The project has no page templates."""


def pages(site: Site) -> Iterator[tuple[str, bytes]]:
    """Make each page. Raises NoTemplatesError when the project lacks what they are made from."""
    folder = site.environment.root / TEMPLATES
    missing = [name for name in ("page.html.j2", *_COPIED) if not (folder / name).is_file()]
    if missing:
        raise NoTemplatesError(f"{TEMPLATES}/{missing[0]} does not exist: pages are made from what is there")
    jinja = _jinja(folder, site)
    for path, template, context in _wanted(site):
        root = "../" * path.count("/")
        html = jinja.get_template(f"{template}.html.j2").render(root=root, here=path, **context)
        yield path, html.encode()
    for name in _COPIED:
        yield name, (folder / name).read_bytes()
    yield search.SCRIPT, search.index(site).encode()
    yield MARKER, MARKER_TEXT


def _wanted(site: Site) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each page's path, template, and what it is about."""
    yield "index.html", "index", {}
    yield "tools.html", "tools", {}
    yield "templates.html", "templates", {}
    for agent in site.agents:
        yield agent.path, "agent", {"agent": agent, "spec": agent.spec}
        yield agent.runbook, "runbook", {"agent": agent, "spec": agent.spec}
    for name, tool in site.tools.items():
        yield f"tools/{name}.html", "tool", {"tool": tool, "offered": site.environment.tools[name]}
    for name, team in site.teams.items():
        yield f"teams/{name}.html", "team", {"team": team}
    for name, domain in site.domains.items():
        yield f"domains/{name}.html", "domain", {"domain": domain}


def _jinja(folder: Path, site: Site) -> Jinja:
    jinja = Jinja(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.globals |= {
        "site": site,
        "platform": site.environment.platform,
        "environment": site.environment.platform.environment,
        "words": words,
        "examples": examples,
        "anchor": search.anchor,
    }
    jinja.filters |= {"mailto": partial(quote, safe="@+"), "evaluator": words.evaluator}
    return jinja
