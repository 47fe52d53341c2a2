"""Logical names and the lines of the spec they come from."""

from pathlib import Path

import pytest

from corral.deployment.origin import Origins
from corral.spec.load import load_environment

TEAMS = "stacks/dev/teams"
TWINS = """
  - name: guide-book
    template: helper@1
    stage: experiment
    parameters: {product: Acme Book, domain: manuals}
  - name: porter
    formerly: carrier
    template: helper@1
    stage: experiment
    parameters: {product: Acme Door, domain: manuals}
"""


@pytest.fixture
def origins(project: Path) -> Origins:
    """With two agents of which one's name starts with the other's, two such teams, and a renamed agent."""
    support = project / TEAMS / "support.yaml"
    support.write_text(support.read_text().rstrip() + TWINS)
    other = (project / TEAMS / "sales.yaml").read_text().replace("sales", "support-guide")
    (project / TEAMS / "support-guide.yaml").write_text(other)
    return Origins(load_environment(project / "stacks/dev"))


def line_of(project: Path, text: str) -> int:
    lines = (project / TEAMS / "support.yaml").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.mark.parametrize(
    ("resource", "agent"),
    [
        ("dev-support-helpdesk-role", "helpdesk"),
        ("dev-support-helpdesk", "helpdesk"),
        ("dev-support-guide-harness", "guide"),
        ("dev-support-guide-book-harness", "guide-book"),
        ("dev-support-guide-book", "guide-book"),
        ("dev-support-guide-bookshelf", "guide"),
        ("dev-support-carrier-role", "porter"),
    ],
)
def test_an_agent(origins: Origins, project: Path, resource: str, agent: str) -> None:
    line = line_of(project, f"name: {agent}")
    assert origins.place("dev.support", resource) == f"{TEAMS}/support.yaml:{line}"


def test_another_stack_may_use_the_same_name(origins: Origins) -> None:
    assert origins.place("dev.support-guide", "dev-support-guide-role") == f"{TEAMS}/support-guide.yaml:1"


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        ("dev-tool-find-text-function", "functions/tools/find_text/tool.yaml:1"),
        ("dev-target-pay-back", "functions/tools/pay_back/tool.yaml:1"),
        ("dev-registry-pay-back-record", "functions/tools/pay_back/tool.yaml:1"),
        ("dev-domains-manuals/reset.md", "stacks/dev/domains/manuals.yaml:1"),
        ("dev-domains-orders-database", "stacks/dev/domains/orders.yaml:1"),
        ("dev-domains-warehouse_tables/orders/orders/orders.csv", "stacks/dev/domains/orders.yaml:1"),
        ("dev-domains-bucket", "stacks/dev/platform.yaml:1"),
        ("dev-audit-trail", "stacks/dev/platform.yaml:1"),
        ("dev", "stacks/dev/platform.yaml:1"),
        ("corral-dev", "stacks/dev/platform.yaml:1"),
        ("devil", "stacks/dev/platform.yaml:1"),
    ],
)
def test_the_platform(origins: Origins, resource: str, place: str) -> None:
    assert origins.place("dev", resource) == place


@pytest.mark.parametrize("resource", ["", "dev-support-key", "dev-supporters", "default_7_51_1"])
def test_a_teams_own(origins: Origins, resource: str) -> None:
    assert origins.place("dev.support", resource) == f"{TEAMS}/support.yaml:1"


def test_a_stack_that_is_not_in_the_spec(origins: Origins) -> None:
    assert origins.place("dev.gone", "dev-gone-helpdesk") == ""
    assert origins.place("test") == ""
