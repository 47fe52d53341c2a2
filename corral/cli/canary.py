"""corral canary: what a share of an agent's sessions tries, and deciding on it at once."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from corral.cli.desk import desk_of, kept_reason
from corral.cli.override import EnvArgument, LocalOption, ReasonOption, YesOption
from corral.cli.project import ProjectOption, agreed, console, environment_of, find_project, say_no

if TYPE_CHECKING:
    from corral.canary import Trial
    from corral.override import Desk

app = typer.Typer(help="What a share of an agent's sessions tries, and deciding on it.", no_args_is_help=True)
AgentArgument = Annotated[str, typer.Argument(metavar="TEAM/AGENT")]
JsonOption = Annotated[bool, typer.Option("--json", help="How it stands then, as JSON.")]


@app.command("show")
def show(
    env: EnvArgument,
    agent: AgentArgument,
    local: LocalOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Show which version is tried, since when and on which share, and what came of the last."""
    from corral.canary import CanaryError, trial

    try:
        _show(env, trial(_desk(env, agent, local, project), agent), as_json)
    except CanaryError as error:
        say_no(str(error))


@app.command("keep")
def keep(
    env: EnvArgument,
    agent: AgentArgument,
    *,
    reason: ReasonOption,
    yes: YesOption = False,
    local: LocalOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Give all sessions the version that is tried, without waiting for its figures."""
    _decide(env, agent, "keep", reason, yes, local, as_json, project)


@app.command("back")
def back(
    env: EnvArgument,
    agent: AgentArgument,
    *,
    reason: ReasonOption,
    yes: YesOption = False,
    local: LocalOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Give no session the version that is tried any more; no deployment does until there is another version."""
    _decide(env, agent, "back", reason, yes, local, as_json, project)


def _decide(
    env: str,
    agent: str,
    decision: str,
    reason: str,
    yes: bool,
    local: bool,
    as_json: bool,
    project: "ProjectOption",
) -> None:
    from corral.canary import CanaryError, decide, trial

    kept = kept_reason(reason)
    desk = _desk(env, agent, local, project)
    try:
        seen = trial(desk, agent)
        if seen.candidate is None:
            say_no(f"nothing is tried of {agent}: {_state(env, seen)}")
        version = seen.candidate if decision == "keep" else seen.serving
        if not yes and not agreed(f"Give all sessions of {agent} version {version}?", err=as_json):
            say_no("nothing is changed")
        _show(env, decide(desk, seen, decision, kept), as_json)
    except CanaryError as error:
        say_no(str(error))


def _desk(env: str, agent: str, local: bool, project: "ProjectOption") -> "Desk":
    from corral.cli.project import resolved_agent

    if "/" not in agent:
        say_no(f"{agent!r} is no agent: give TEAM/AGENT", 2)
    root = find_project(project)
    environment = environment_of(root, env)
    return desk_of(root, environment, resolved_agent(environment, agent).team, local)


def _show(env: str, seen: "Trial", as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(seen), indent=1, ensure_ascii=False))
        return
    console.print(f"{seen.target}: {_state(env, seen)}", highlight=False, markup=False)
    if seen.last:
        what = f"version {seen.last['version']} for all sessions"
        if seen.last["refused"]:
            what = f"version {seen.last['refused']} has gone back to {seen.last['version']}"
        by = seen.last["by"].partition(":assumed-role/")[2] or seen.last["by"]
        at = seen.last["at"][:16].replace("T", " ")
        console.print(f"last: {what}, {at} UTC by {by}: {seen.last['reason']}", highlight=False, markup=False)


def _state(env: str, seen: "Trial") -> str:
    if seen.wanted is None:
        return f"it has no canary; all sessions get version {seen.serving}"
    if seen.held:
        return f"held at version {seen.serving}: corral rollback {env} {seen.target}"
    if seen.candidate is None:
        return f"all sessions get version {seen.serving}"
    asked = f"until it has had {seen.wanted['at_least']:,} tasks in at least {seen.wanted['hours']} h"
    since = (seen.since or "")[:16].replace("T", " ")
    return (
        f"version {seen.candidate} is tried on {seen.wanted['share']} % of sessions since {since} UTC, {asked}; "
        f"the others get version {seen.serving}"
    )
