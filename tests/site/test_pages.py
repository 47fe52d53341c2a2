"""Every page leads somewhere, reads in order, fetches nothing, and takes nothing of the spec for HTML."""

import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import typer.main

from corral.cli.main import app
from corral.site.gather import Site
from corral.site.pages import NoTemplatesError, pages
from tests.site.conftest import ROOT, site_of
from tests.site.page import Page


def broken(path: str, page: Page, html: dict[str, Page], files: dict[str, bytes]) -> list[str]:
    found = []
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme == "mailto" or link == "data:,":
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path)))
        target = target if parts.path else path
        outside = parts.scheme or parts.netloc or link.startswith("/") or target not in files
        if outside or (parts.fragment and parts.fragment not in html[target].ids):
            found.append(link)
    return found


def test_every_link_leads_somewhere(html: dict[str, Page], files: dict[str, bytes]) -> None:
    assert {path: links for path, page in html.items() if (links := broken(path, page, html, files))} == {}


def test_every_page_is_found_from_the_first(html: dict[str, Page], files: dict[str, bytes]) -> None:
    reached, to_do = set(), ["index.html"]
    while to_do:
        path = to_do.pop()
        if path in reached or path not in html:
            continue
        reached.add(path)
        for link in html[path].links:
            to_do.append(posixpath.normpath(posixpath.join(posixpath.dirname(path), link.partition("#")[0])))
    assert reached == html.keys()


def test_pages_are_well_formed(html: dict[str, Page]) -> None:
    assert {path: page.problems for path, page in html.items() if page.problems} == {}
    assert {path for path, page in html.items() if len(page.ids) != len(set(page.ids))} == set()


def test_headings_are_in_order(html: dict[str, Page]) -> None:
    for path, page in html.items():
        assert page.headings[0] == 1, path
        assert page.headings.count(1) == 1, path
        steps = zip(page.headings, page.headings[1:], strict=False)
        assert all(after - before <= 1 for before, after in steps), (path, page.headings)


def test_a_reader_of_the_screen_finds_its_way(html: dict[str, Page]) -> None:
    for path, page in html.items():
        tags = page.tags
        assert ("lang", "en") in [pair for tag, given in tags if tag == "html" for pair in given.items()]
        assert any(given.get("name") == "viewport" for tag, given in tags if tag == "meta"), path
        inputs = {given["id"] for tag, given in tags if tag == "input"}
        assert inputs <= {given.get("for") for tag, given in tags if tag == "label"}, path
        for tag, given in tags:
            for name in ("aria-labelledby", "aria-describedby"):
                assert given.get(name) is None or given[name] in page.ids, (path, tag, given)
            if tag == "nav" or given.get("role") == "region":
                assert given.get("aria-label"), (path, tag)
            if "wide" in (given.get("class") or ""):
                assert given.get("tabindex") == "0", (path, "a keyboard cannot scroll it")
        assert all(given.get("scope") for tag, given in tags if tag == "th"), path


def test_what_a_page_lists_of_itself_is_all_it_has(html: dict[str, Page]) -> None:
    for path, page in html.items():
        listed = [link[1:] for link in page.links if link.startswith("#") and link != "#content"]
        sections = [str(given["id"]) for tag, given in page.tags if tag == "section" and given.get("id")]
        assert [anchor for anchor in listed if anchor in sections] or not sections, path
        assert set(sections) <= set(listed), path


def test_nothing_is_fetched_or_run_but_its_own(files: dict[str, bytes], html: dict[str, Page]) -> None:
    for path, page in html.items():
        for tag, given in page.tags:
            assert not any(name.startswith("on") or name == "style" for name in given), (path, tag)
            assert tag not in ("style", "iframe", "object", "img", "base"), path
            assert tag != "script" or given.get("src"), path
    for path in ("site.css", "search.js"):
        assert not re.search(rb"https?:|//[a-z]|url\(|@import|innerHTML|eval\(", files[path]), path


def test_the_same_spec_makes_the_same_bytes(files: dict[str, bytes], tmp_path: Path) -> None:
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        out = tmp_path / seed
        subprocess.run(
            [sys.executable, "-m", "corral", "docs", "dev", "--out", str(out), "--project", str(ROOT)],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            cwd=tmp_path,
            check=True,
            capture_output=True,
            timeout=120,
        )
        there = {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}
        assert there == files


def test_no_page_tells_of_the_machine(files: dict[str, bytes]) -> None:
    for path, content in files.items():
        assert str(ROOT).encode() not in content, path
        assert b"None" not in content, path
        assert b"{{" not in content, path


def test_there_is_a_page_of_everything(dev: Site, files: dict[str, bytes]) -> None:
    wanted = {"index.html", "tools.html", "templates.html", "site.css", "search.js", "search-index.js"}
    wanted.add(".corral-site")
    wanted |= {f"{kind}/{agent.label}.html" for agent in dev.agents for kind in ("agents", "runbooks")}
    for kind in ("tools", "teams", "domains"):
        wanted |= {f"{kind}/{name}.html" for name in getattr(dev, kind)}
    assert files.keys() == wanted


def test_commands_that_pages_show_exist_with_their_options(html: dict[str, Page]) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    shown = {said for page in html.values() for said in re.findall(r"corral ([a-z-]+ dev[^·]*)", page.code)}
    assert {said.split()[0] for said in shown} == {
        *("docs", "invoke", "retire", "up", "suspend", "read-only", "resume", "overrides", "rollback")
    }
    for said in shown:
        name, _, rest = said.partition(" ")
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= known, said


def test_pages_of_what_dev_does_not_have(made: Callable[..., dict[str, str]], project: Path) -> None:
    """A private template, a schedule, the strict guardrail, a retired agent, an agent that has nothing."""
    private = project / "stacks/dev/templates/report/1.0.0"
    shutil.copytree(project / "templates/agents/helper/1.2.0", private)
    (private / "scenarios.yaml").write_text(
        "apiVersion: corral/v1\nscenarios:\n  - name: says\n    title: Says so\n    user: Hello\n"
        "    model: [{say: Good morning}]\n    expect: {stopped: time}\n"
    )
    (private / "template.yaml").write_text(
        "apiVersion: corral/v1\ntemplate: report\nversion: 1.0.0\nsummary: Reports on a product every day.\n"
        "owner: {name: Support, email: support@example.com}\nguardrail: strict\n"
        "schedule: {parameter: due, message: Write today's report.}\nparameters:\n"
        "  due: {type: schedule, help: When.}\n"
        + "".join(f"  {name}: {{type: string, help: H, optional: true}}\n" for name in ("product", "domain"))
        + "".join(f"  {name}: {{type: string, help: H, default: d}}\n" for name in ("brief", "level", "tone"))
    )
    site = made(
        (
            "stacks/dev/teams/sales.yaml",
            "cost: {center: sa-1, monthly_budget_usd: 100}",
            "cost: {center: sa-1, monthly_budget_usd: 1000.5}\n"
            "agents: [{name: daily, template: report@1, stage: experiment, parameters: {due: rate(1 day)}}]\n"
            "retired: [{name: old, template: helper@1.0.0, since: 2026-01-31, reason: Nobody asked it.}]",
        )
    )
    files = {path: content.encode() for path, content in site.items()}
    html = {path: Page(content) for path, content in site.items() if path.endswith(".html")}
    for path, page in html.items():
        assert page.problems == [], path
        assert broken(path, page, html, files) == [], path
    agent = html["agents/sales/daily.html"].text
    assert "rate(1 day), UTC: “Write today's report.”" in agent
    assert "strict: an answer with personal data is withheld" in agent
    assert "It reads no data domain." in agent
    assert "stopped: too long" in agent
    assert "corral-dev-team-sales-dead-letters" in html["runbooks/sales/daily.html"].text
    team = html["teams/sales.html"].text
    assert "old helper@1.0.0 2026-01-31 Nobody asked it." in team
    assert "1,000.5 US dollars a month" in team
    assert "report@1.0.0" in html["templates.html"].text
    assert (
        "function-hardening The tracing service is moved this month. platform@example.com 2999-01-31"
        in html["index.html"].text
    )


SCRIPT = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("stacks/dev/teams/support.yaml", "name: Support,", f"name: {SCRIPT},"),
        ("stacks/dev/teams/support.yaml", "product: Acme Router", f"product: {SCRIPT}"),
        ("stacks/dev/teams/support.yaml", "center: cs-1", f"center: {SCRIPT}"),
        ("stacks/dev/teams/support.yaml", "when: amount_cents > 5000", f"when: 'order_id == \"{SCRIPT}\"'"),
        ("stacks/dev/platform.yaml", "name: Platform,", f"name: {SCRIPT},"),
        ("stacks/dev/platform.yaml", "currency: EUR", f"currency: {SCRIPT}"),
        ("stacks/dev/platform.yaml", "The tracing service is moved", f"{SCRIPT} is moved"),
        ("stacks/dev/platform.yaml", "email: platform@example.com}", f"email: '\"{SCRIPT}\"@example.com'}}"),
        ("stacks/dev/domains/manuals.yaml", "name: Documentation", f"name: {SCRIPT}"),
        ("functions/tools/pay_back/tool.yaml", "summary: ", f"summary: {SCRIPT} "),
        ("templates/agents/helper/1.2.0/template.yaml", "help: The support level.", f"help: {SCRIPT}"),
        ("templates/agents/helper/1.2.0/scenarios.yaml", "Pay 10 back.", f"{SCRIPT}"),
        ("templates/agents/helper/1.2.0/prompt.md.j2", "# Role", f"# Role {SCRIPT}"),
        ("templates/agents/helper/1.2.0/card.md.j2", "## What it does", f"## What it does {SCRIPT}"),
    ],
)
def test_what_is_written_stays_text(
    made: Callable[..., dict[str, str]], file: str, before: str, after: str
) -> None:
    site = made((file, before, after))
    shown = [path for path, content in site.items() if "alert(1)" in content and path.endswith(".html")]
    assert shown, "it is on no page"
    for path, content in site.items():
        assert "<script>alert" not in content, path
        assert path.endswith((".html", ".js", ".css")) or path == ".corral-site"
        if path.endswith(".html"):
            assert Page(content).problems == [], path
    assert site["search-index.js"].isascii()


def test_the_index_is_data_whatever_its_words_are(made: Callable[..., dict[str, str]]) -> None:
    said = "'\"}]; alert(1); [{\"ü'"
    site = made(("stacks/dev/teams/support.yaml", "name: Support,", f"name: {said},"))
    assert '\\"}]; alert(1); [{\\"\\u00fc"' in site["search-index.js"]


def test_a_project_without_page_templates_is_told_so(project: Path) -> None:
    (project / "templates/site/site.css").unlink()
    with pytest.raises(NoTemplatesError, match=r"templates/site/site\.css does not exist"):
        dict(pages(site_of(project)))
