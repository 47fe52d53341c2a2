"""corral rollback: callers get an earlier version at once, and deployments leave it at that."""

import difflib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from corral.cli.desk import desk_of, kept_reason
from corral.cli.override import EnvArgument, LocalOption, YesOption
from corral.cli.project import (
    ProjectOption,
    agreed,
    console,
    environment_of,
    find_project,
    say_no,
)

if TYPE_CHECKING:
    from corral.override import Desk
    from corral.rollback import Standing
    from corral.spec.load import Environment

TargetArgument = Annotated[
    str, typer.Argument(metavar="TARGET", help="TEAM/AGENT, tool:NAME or guardrail:LEVEL.")
]
ReasonOption = Annotated[str | None, typer.Option(help="Why; it is kept. Without it, only show.")]
_MOST_VERSIONS = 10
_GRANTS_STAY = (
    "What it may do does not go back: tools granted, approval rules and policies stay as deployed last."
)


def command(
    env: EnvArgument,
    target: TargetArgument,
    *,
    to: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="Default: what was served before.")
    ] = None,
    lift: Annotated[
        bool,
        typer.Option("--lift", help="Go on with the newest version, and with what is deployed from now on."),
    ] = False,
    template: Annotated[
        bool,
        typer.Option("--template", help="The agent's template: which lines of the team's file to change."),
    ] = False,
    reason: ReasonOption = None,
    yes: YesOption = False,
    local: LocalOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="How it stands then, as JSON.")] = False,
    project: ProjectOption = None,
) -> None:
    """Go back to an earlier version of an agent, a tool or a guardrail, at once and without a deployment.

    Shows what ran when and what changes, and asks. Deployments leave it at that version until it is lifted.
    """
    from corral.rollback import NEWEST, RollbackError, roll_back, standing

    environment = environment_of(find_project(project), env)
    if template:
        _template(environment, env, target, to, as_json)
        return
    if lift and to is not None:
        say_no("--lift goes to the newest version: give it or --to", 2)
    if to is not None and not to.isdigit():
        say_no(f"--to {to!r} is not a version, such as 3", 2)
    if reason is not None:
        reason = kept_reason(reason)
    desk = _desk(environment, target, local, project)
    try:
        seen = standing(desk, target, NEWEST if lift else to)
        if reason is None:
            _shown(env, seen, as_json)
            return
        version = _version(seen, lift)
        if not as_json:
            _show(seen)
        if not yes and not agreed(_question(seen, version), err=as_json):
            say_no("nothing is changed")
        roll_back(desk, seen, NEWEST if lift else version, reason)
        after = standing(desk, target)
    except RollbackError as error:
        say_no(str(error))
    if as_json:
        print(json.dumps(asdict(after), indent=1, ensure_ascii=False))
        return
    if after.at_once:
        _say(f"{target} serves version {after.serving}")
    else:
        _say(f"{target} is version {after.serving} for each team from its next deployment: corral up {env}")
    if after.held:
        _say(
            f"It stays there whatever is deployed, until: corral rollback {env} {target} --lift --reason TEXT"
        )


def _shown(env: str, seen: "Standing", as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(seen), indent=1, ensure_ascii=False))
        return
    _show(seen)
    if seen.to not in (None, seen.serving):
        _say(f"to do it: corral rollback {env} {seen.target} --to {seen.to} --reason TEXT")


def _version(seen: "Standing", lift: bool) -> str:
    """The version to move to. Ends with 1 where there is none, and where it is served already."""
    if seen.to is None:
        say_no(f"{seen.target} has no version before {seen.serving}: there is nothing to go back to")
    if seen.to == seen.serving and not (lift and seen.held):
        held = f", held by {_who(seen.held['by'])}: {seen.held['reason']}" if seen.held else ""
        say_no(f"{seen.target} serves version {seen.serving} already{held}")
    return seen.to


def _question(seen: "Standing", version: str) -> str:
    if version == seen.newest:
        return f"Let {seen.target} go on with version {version}, the newest?"
    return f"Move {seen.target} from version {seen.serving} to version {version}?"


def _desk(environment: "Environment", target: str, local: bool, project: ProjectOption) -> "Desk":
    from corral.cli.project import resolved_agent
    from corral.rollback import GUARDRAIL, TOOL
    from corral.spec.errors import listed, suggestion

    team = None
    if target.startswith(TOOL):
        name = target.removeprefix(TOOL)
        if name not in environment.tools:
            tools = environment.tools
            say_no(f"there is no tool {name}. Tools: {listed(tools)}.{suggestion(name, tools)}")
    elif not target.startswith(GUARDRAIL):
        if "/" not in target:
            say_no(f"{target!r} is none of TEAM/AGENT, tool:NAME and guardrail:LEVEL", 2)
        team = resolved_agent(environment, target).team
    return desk_of(find_project(project), environment, team, local)


def _template(environment: "Environment", env: str, target: str, to: str | None, as_json: bool) -> None:
    from corral.cli.project import resolved_agent
    from corral.scaffold.back import NoWayBackError, way_back

    if to is not None and not to.isdigit():
        say_no(f"--to {to!r} is not a major version, such as 1", 2)
    agent = resolved_agent(environment, target)
    try:
        way = way_back(environment, agent, None if to is None else int(to))
    except NoWayBackError as error:
        say_no(str(error))
    if as_json:
        print(json.dumps(asdict(way), indent=1))
        return
    _say(f"{way.place}: template: {way.now} -> {way.then}")
    if way.unknown:
        _say(f"  parameters to take out, which {way.then} does not have: {', '.join(way.unknown)}")
    if way.lacking:
        _say(f"  parameters to give, which {way.then} needs: {', '.join(way.lacking)}")
    _say(f"then: corral validate {env}, and corral up {env} --team {agent.team}")
    _say(f"at once, to the version served before: corral rollback {env} {target} --reason TEXT")


def _show(seen: "Standing") -> None:
    table = Table("version", "made", "served", title=seen.target, title_justify="left")
    for version in reversed(seen.versions[-_MOST_VERSIONS:]):
        served = "; ".join(
            f"{_at(since)} to {_at(until)}" if until else f"since {_at(since)}"
            for since, until in version.served
        )
        here = " [green]<[/green]" if version.number == seen.serving else ""
        table.add_row(f"{version.number}{here}", _at(version.made_at), served or "[dim]never[/dim]")
    console.print(table, highlight=False)
    if seen.held:
        who = f"{_who(seen.held['by'])} since {_at(seen.held['at'])}: {seen.held['reason']}"
        _say(f"held at version {seen.held['version']} by {who}")
    if seen.canary:
        _say(
            f"version {seen.canary['number']} is tried on a share of sessions since {_at(seen.canary['made_at'])}: "
            "corral canary. Going back ends that."
        )
    if seen.to is None:
        _say("There is no earlier version.")
        return
    if seen.to == seen.serving:
        return
    _say(f"from version {seen.serving} to version {seen.to}:")
    for change in seen.changes:
        _say(f"  {change['what']}")
        lines = difflib.unified_diff(
            change["now"].splitlines(), change["then"].splitlines(), n=1, lineterm=""
        )
        for line in list(lines)[2:]:
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim")
            console.print(f"    [{style}]{escape(line)}[/{style}]", highlight=False)
    if "/" in seen.target:
        _say(_GRANTS_STAY)


def _who(arn: str) -> str:
    return arn.partition(":assumed-role/")[2] or arn


def _at(time: str | None) -> str:
    return f"{(time or '')[:16].replace('T', ' ')} UTC"


def _say(text: str) -> None:
    console.print(text, highlight=False, markup=False)
