"""Dashboards of a served platform: what was really done is on them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from corral.dashboard.read import Shown, read
from tests.served.conftest import run


@pytest.fixture(scope="module")
def shown(project: Path, admin: boto3.Session, served: dict[str, Any]) -> dict[str, dict[str, Shown]]:
    """What an agent's scenarios leave on the platform's and on support's dashboard, by titles of widgets."""
    done = run(project, "scenarios", "dev", "support/helpdesk")
    assert done.returncode == 0, done.stdout + done.stderr
    cloudwatch = admin.client("cloudwatch", endpoint_url=served["endpoint"])
    now = datetime.now(UTC)
    names = ("corral-dev-platform", "corral-dev-team-support")
    found = {
        name: read(cloudwatch, name, now - timedelta(hours=3), now + timedelta(hours=1)) for name in names
    }
    return {
        name: {each.widget["properties"].get("title", ""): each for each in widgets}
        for name, widgets in found.items()
    }


def labels(widget: Shown) -> set[str]:
    return {series.label for series in widget.series}


def test_what_agents_did_is_on_their_teams(shown: dict[str, dict[str, Shown]]) -> None:
    team = shown["corral-dev-team-support"]
    for title in ("Tasks an hour", "Journeys completed", "US dollars a task", "Tool calls that failed"):
        assert "helpdesk" in labels(team[title]), title
    door = {
        series.label: sum(series.values)
        for series in team["Front door: requests, and those that failed"].series
    }
    assert door["requests"] > 0
    assert door["failed"] == 0
    [words] = [each for title, each in team.items() if not title]
    assert "support-oncall@example.com" in words.widget["properties"]["markdown"]


def test_what_all_teams_did_is_on_the_platforms(shown: dict[str, dict[str, Shown]]) -> None:
    platform = shown["corral-dev-platform"]
    assert "support" in labels(platform["Tasks an hour"])
    assert (platform["Tasks"].total or 0) > 0
    assert (platform["Calls held for a person"].total or 0) > 0
    steps = {
        series.label: sum(series.values) for series in platform["Supervisor: steps it was asked about"].series
    }
    assert steps["steps"] > steps["ended with an error"] == 0
    tools = "knowledge-search___knowledge-search"
    assert tools in labels(platform["Gateway: calls by tool"])
    denied = platform["Cedar: calls denied by tool"].series
    assert sum(sum(series.values) for series in denied) > 0
    failed = {series.label: sum(series.values) for series in platform["Tools: calls that failed"].series}
    assert failed["knowledge-search"] > 0  # scenarios have it fail
    alarms = dict(platform["Alarms of the platform"].alarms)
    assert "corral-dev/platform/supervisor-failures" in alarms


def test_the_command_writes_a_page(project: Path, served: dict[str, Any]) -> None:
    done = run(project, "dashboard", "dev", "support", "--local", "--out", "board.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "wrote board.html\n"
    page = (project / "board.html").read_text()
    assert "corral-dev/support/helpdesk/drift" in page
    assert "onboarding" in page


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ("dev", "suport"),
            2,
            'has no team suport. Its teams: finance, legal, sales, support. Did you mean "support"?',
        ),
        (("dev", "--since", "yesterday"), 2, "--since"),
        (("dev", "--out", "nowhere/board.html"), 1, "nowhere/board.html cannot be written: No such file"),
    ],
)
def test_what_cannot_be_shown_is_said(
    project: Path, served: dict[str, Any], arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = run(project, "dashboard", *arguments, "--local")
    assert done.returncode == code, done.stderr
    assert said in " ".join(done.stderr.split())
