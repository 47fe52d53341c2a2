"""corral suspend, read-only, resume, overrides: stop agents at their next step, and let them go on."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from corral.cli.desk import desk_of, kept_reason
from corral.cli.project import ProjectOption, agreed, console, environment_of, find_project, say_no

if TYPE_CHECKING:
    from corral.override import Desk, Override

EnvArgument = Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")]
ScopeArgument = Annotated[
    str | None, typer.Argument(metavar="[TEAM[/AGENT]]", help="Default: everything in the environment.")
]
ReasonOption = Annotated[str, typer.Option(help="Why, in a sentence; it is kept, and agents are told.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
LocalOption = Annotated[bool, typer.Option("--local", help="On the served local AWS.")]
JsonOption = Annotated[bool, typer.Option("--json", help="What is in force then, as JSON.")]
_EVERYTHING = "*"


def suspend(
    env: EnvArgument,
    scope: ScopeArgument = None,
    *,
    reason: ReasonOption,
    yes: YesOption = False,
    local: LocalOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Stop an agent, a team or the environment: every next step is denied, of tasks under way too."""
    _put(env, scope, "suspended", reason, yes, local, as_json, project)


def read_only(
    env: EnvArgument,
    scope: ScopeArgument = None,
    *,
    reason: ReasonOption,
    yes: YesOption = False,
    local: LocalOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Deny the tools that change things to an agent, a team or the environment; those that read go on."""
    _put(env, scope, "read-only", reason, yes, local, as_json, project)


def resume(
    env: EnvArgument,
    scope: ScopeArgument = None,
    *,
    reason: ReasonOption,
    yes: YesOption = False,
    local: LocalOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Lift what is put above an agent, a team or the environment, and of these that alone."""
    _put(env, scope, "active", reason, yes, local, as_json, project)


def overrides(
    env: EnvArgument,
    team: Annotated[
        str | None, typer.Argument(metavar="[TEAM]", help="As its operator. Default: the platform's.")
    ] = None,
    local: LocalOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """List what is suspended or read-only: since when, by whom, why."""
    from corral.override import OverrideError

    desk = _desk(env, team, local, project)
    try:
        _show(desk.listed(), as_json)
    except OverrideError as error:
        say_no(str(error))


def _put(
    env: str,
    scope: str | None,
    mode: str,
    reason: str,
    yes: bool,
    local: bool,
    as_json: bool,
    project: "ProjectOption",
) -> None:
    from corral.override import OverrideError

    kept = kept_reason(reason)
    wanted = scope or _EVERYTHING
    desk = _desk(env, None if scope is None else scope.partition("/")[0], local, project)
    try:
        before = {each.name: each for each in desk.listed()}
        there = before.get(wanted)
        looser = there is not None and (mode == "active" or (mode, there.mode) == ("read-only", "suspended"))
        what = (
            f"everything in {env}"
            if scope is None
            else f"all agents of team {scope}"
            if "/" not in scope
            else scope
        )
        if looser and there is not None:
            _say(f"{what} is {there.mode} since {_since(there)}: {there.reason}", err=as_json)
        if not yes and ("/" not in wanted or looser):
            verb = {"suspended": "Suspend", "read-only": "Make read-only:", "active": "Resume"}[mode]
            if not agreed(f"{verb} {what}?", err=as_json):
                say_no("nothing is changed")
        now = desk.put(wanted, mode, kept, there.id if looser and there is not None else None)
    except OverrideError as error:
        say_no(str(error))
    if not as_json:
        _say(f"{what}: {mode}")
        wider = [each for each in now if each.name in _above(wanted)]
        if mode == "active" and wider:
            _say(f"It stays {wider[0].mode}, with all of {_named(wider[0], env)}.")
    _show(now, as_json)


def _desk(env: str, team: str | None, local: bool, project: "ProjectOption") -> "Desk":
    root = find_project(project)
    environment = environment_of(root, env)
    if team is not None and team not in environment.teams:
        from corral.cli.project import chosen_teams

        chosen_teams(environment, [team])
    return desk_of(root, environment, team, local)


def _above(name: str) -> list[str]:
    """The scopes that a scope is within, the widest first."""
    return [each for each in (_EVERYTHING, name.partition("/")[0]) if each != name]


def _named(override: "Override", env: str) -> str:
    return env if override.name == _EVERYTHING else override.name


def _since(override: "Override") -> str:
    return f"{override.at[:19].replace('T', ' ')} UTC by {override.by.partition(':assumed-role/')[2] or override.by}"


def _show(found: "list[Override]", as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(each) for each in found], indent=1, ensure_ascii=False))
        return
    if not found:
        _say("in force: nothing")
    for each in found:
        scope = "everything" if each.name == _EVERYTHING else each.name
        colour = "red" if each.mode == "suspended" else "yellow"
        console.print(
            f"[{colour}]{each.mode:9}[/{colour}]  {escape(scope)}  [dim]since {escape(_since(each))}[/dim]",
            highlight=False,
        )
        console.print(f"           {escape(each.reason)}", highlight=False)


def _say(text: str, *, err: bool = False) -> None:
    from corral.cli.project import complaints

    (complaints if err else console).print(text, highlight=False, markup=False)
