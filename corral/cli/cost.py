"""corral cost: what agents spent in a month, and what the platform costs while nobody uses it."""

import json
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corral.cli.audit_query import LocalOption, platform_of
from corral.cli.project import ProjectOption, console, environment_of, find_project, say_no
from corral.spec.errors import listed, suggestion

if TYPE_CHECKING:
    from rich.table import Table

    from corral.cost.idle import Idle
    from corral.cost.spend import Spend
    from corral.spec.load import Environment


def command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment, such as dev.")],
    team: Annotated[str | None, typer.Argument(metavar="[TEAM]", help="Default: all.")] = None,
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="Default: this one, so far.")
    ] = None,
    idle: Annotated[
        bool, typer.Option("--idle", help="What it costs a month while nobody uses it; needs no account.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON.")] = False,
    local: LocalOption = False,
    project: ProjectOption = None,
) -> None:
    """Show what agents and tools spent, by the decision records, or with --idle what resources cost by themselves."""
    if idle and (month is not None or local):
        say_no("--idle is of the files, not of a month or a deployment: leave out --month and --local", 2)
    root = find_project(project)
    environment = environment_of(root, env)
    if team is not None and team not in environment.teams:
        teams = list(environment.teams)
        say_no(f"{env} has no team {team}. Teams: {listed(teams)}.{suggestion(team, teams)}", 2)
    if idle:
        _idle(root, environment, team, as_json)
    else:
        _spent(root, environment, team, month, local, as_json)


def _spent(
    root: Path, environment: "Environment", team: str | None, month: str | None, local: bool, as_json: bool
) -> None:
    from corral.audit.athena import AthenaError
    from corral.audit.deployed import NotDeployedError, usual_values
    from corral.audit.library import find
    from corral.audit.period import PeriodError
    from corral.cost.month import Month
    from corral.cost.spend import QUERIES, spend

    try:
        asked = Month.read(month, datetime.now(UTC))
        platform = platform_of(root, environment, local)
        values = {**usual_values(environment), **asked.period.parameters()}
        with console.status("asking Athena"):
            usage, calls = (platform.lake.run(find(name).sql(values, {})).as_dicts() for name in QUERIES)
    except PeriodError as error:
        say_no(str(error), 2)
    except (NotDeployedError, AthenaError) as error:
        say_no(str(error))
    found = spend(environment, asked, usage, calls, team)
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=1, default=str))
    else:
        _show(found, environment)


def _idle(root: Path, environment: "Environment", team: str | None, as_json: bool) -> None:
    from corral.cli.progress import Progress
    from corral.cli.stand_up import quiet_interrupts, stand_up
    from corral.cost.idle import idle
    from corral.local.session import LocalAwsError

    quiet_interrupts()
    teams = list(environment.teams) if team is None else [team]
    with ExitStack() as stack:
        progress = stack.enter_context(Progress(console, silent=as_json, journeys=False))
        try:
            _, results = stand_up(stack, root, environment, teams, progress, as_json=as_json)
        except LocalAwsError as error:
            say_no(str(error))
    wanted = results if team is None else {name: each for name, each in results.items() if "." in name}
    found = idle({name: result.resources for name, result in wanted.items()})
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=1))
    else:
        _show_idle(found, environment)


def _show(found: "Spend", environment: "Environment") -> None:
    prices = environment.platform.prices
    table = f"the price table of {prices.as_of}" if prices else "no price table: see prices in platform.yaml"
    until = "" if found.month.over else f", up to {found.month.period.until:%d %b %H:%M} UTC"
    _say(f"{environment.platform.environment}, {found.month}{until}; models by {table}\n")
    teams = _table("team", "USD", "month's end", "budget", "of it")
    for each in found.teams:
        budget = "-" if each.budget_usd is None else f"{each.budget_usd:,.0f}"
        share = "-" if each.share is None else f"{each.share:.1%}"
        expected = "-" if each.expected_usd is None else _usd(each.expected_usd)
        teams.add_row(each.team, _usd(each.usd), expected, budget, share)
    console.print(teams)
    _say("")
    agents = _table("agent", "tasks", "tokens in", "tokens out", "USD", "USD a task")
    for one in found.agents:
        agents.add_row(
            *(f"{one.team}/{one.agent}", f"{one.tasks:,}", f"{one.input_tokens:,}", f"{one.output_tokens:,}"),
            *("-" if one.model_usd is None else _usd(one.usd), _usd(one.usd_a_task)),
        )
    console.print(agents)
    if found.tools:
        _say("")
        tools = _table("tool", "calls", "denied", "failed", "USD")
        for tool in found.tools:
            usd = "-" if tool.usd_a_call is None else _usd(tool.usd)
            tools.add_row(tool.tool, f"{tool.calls:,}", f"{tool.denied:,}", f"{tool.failed:,}", usd)
        console.print(tools)
    untold = sum(each.without_usage for each in found.agents)
    _say("")
    if untold:
        _say(f"Of {untold:,} tasks no tokens were told: they are counted as nothing.")
    if any(each.model_usd is None and each.tasks for each in found.agents):
        _say("- is what has no price: an agent that is no more, or an environment without prices.")
    _say("Models and declared costs of tools. What AWS bills besides is in the teams' budgets: docs/cost.md")


def _show_idle(found: "Idle", environment: "Environment") -> None:
    from corral.cost.prices import LOOKED_UP, REGION

    name = environment.platform.environment
    _say(f"{name} while nobody uses it, by list prices of {REGION} as of {LOOKED_UP}\n")
    items = _table("a month", "units", "USD each", "USD")
    for item, count in found.units.items():
        mark = "" if item.confirmed else " *"
        items.add_row(f"{item.what}{mark}", f"{count:,}", f"{item.usd:g}", f"{count * item.usd:,.2f}")
    console.print(items)
    _say("")
    stacks = _table("stack", "USD a month")
    for stack, usd in found.stacks.items():
        stacks.add_row(stack, f"{usd:,.2f}")
    stacks.add_row("all", f"{found.usd:,.2f}")
    console.print(stacks)
    free = sum(found.free.values())
    _say(f"\n{free:,} resources of {len(found.free)} types cost nothing while idle; --json says why of each.")
    if any(not item.confirmed for item in found.units):
        _say("* not read on AWS's own page, which the output of --json names: compare before you rely on it.")
    for kind, count in found.unknown.items():
        _say(f"NOT COUNTED: {count} of {kind}, which is in no price table (corral/cost/prices.py)")
    if environment.platform.region != REGION:
        _say(f"{name} is in {environment.platform.region}, where prices may differ.")


def _table(*columns: str) -> "Table":
    from rich.table import Table

    if not sys.stdout.isatty():
        console.width = 10_000  # nothing is cut that a file or a pipe is to have
    table = Table(box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left")
    return table


def _say(text: str) -> None:
    console.print(text, highlight=False, markup=False)


def _usd(amount: float | None) -> str:
    """An amount as people read it: of cents' parts as many digits as say something."""
    if amount is None:
        return "-"
    return f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:.4f}"
