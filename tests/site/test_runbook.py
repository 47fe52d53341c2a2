"""A runbook says what the code says, of this agent and no other."""

import re

from corral.cli.main import app
from corral.site.gather import Site
from corral.spec.conditions import WITHIN_MINUTES
from corral.spec.names import tool_function_name
from tests.site.conftest import ROOT
from tests.site.page import Page

SOURCES = [
    *(ROOT / "functions/supervisor").glob("*.py"),
    *(ROOT / "functions/front_door").glob("*.py"),
    # what AgentCore itself says, as the local AWS does after AWS's own documentation
    ROOT / "corral/local/server/agentcore/harness_loop.py",
]


def runbooks(html: dict[str, Page]) -> dict[str, Page]:
    return {path: page for path, page in html.items() if path.startswith("runbooks/")}


def test_what_callers_are_said_to_see_is_what_the_code_says(html: dict[str, Page]) -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    for path, page in runbooks(html).items():
        assert len(page.said) > 10, path
        assert [said for said in page.said if said not in code] == [], path


def test_every_code_of_the_front_door_and_every_refusal_is_in_it(html: dict[str, Page]) -> None:
    page = html["runbooks/support/helpdesk.html"]
    door = "\n".join(p.read_text() for p in (ROOT / "functions/front_door").glob("*.py"))
    for status, code in re.findall(r'ApiError\(\s*(\d+), "(\w+)"', door):
        # 400, 403, 413 and an unknown route are the caller's own mistakes: docs/api.md
        assert status in ("400", "403", "413") or code in page.text or code == "not_found", code
    refusals = (ROOT / "functions/supervisor").glob("*.py")
    for said in re.findall(r'deny\(f?"([a-z ]+)', "\n".join(p.read_text() for p in refusals)):
        assert said.strip() in page.text or said.startswith("unknown agent"), said


def test_figures(html: dict[str, Page], dev: Site) -> None:
    page = html["runbooks/support/helpdesk.html"]
    assert f"in {WITHIN_MINUTES // 60} hours unless the rule says otherwise" in page.text
    for tool in ("knowledge-search", "ticket-create", "refund-issue"):
        assert f"{dev.tools[tool].limits.timeout_seconds} seconds ({tool})" in page.text
        assert f"/aws/lambda/{tool_function_name('dev', tool)}" in page.text
    assert "support-oncall@example.com" in page.text
    assert "platform-oncall@example.com" in page.text


def test_it_is_about_this_agent(html: dict[str, Page]) -> None:
    held = "Held for approval"
    assert held in html["runbooks/support/helpdesk.html"].text
    assert held not in html["runbooks/finance/policy-guide.html"].text
    assert "refund-issue" not in html["runbooks/finance/policy-guide.html"].text
    assert "What its tools did" not in html["runbooks/finance/policy-guide.html"].text


def test_it_is_stopped_and_let_go_on_by_commands_that_there_are(html: dict[str, Page]) -> None:
    text = html["runbooks/support/helpdesk.html"].text
    known = {command.name for command in app.registered_commands}
    for said in (
        'corral suspend dev support/helpdesk --reason "why"',
        'corral read-only dev support/helpdesk --reason "why"',
        "corral overrides dev support",
        'corral resume dev support/helpdesk --reason "why"',
    ):
        assert said in text
        assert said.split()[1] in known
    assert "corral read-only" not in html["runbooks/sales/pipeline-analyst.html"].text, "its tools only read"
