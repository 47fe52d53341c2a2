"""corral invoke: say one thing to an agent through its team's front door, and read what came of it."""

import json
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corral.cli.project import ProjectOption, console, environment_of, find_project, resolved_agent, say_no

if TYPE_CHECKING:
    from pathlib import Path

    from corral.local.session import Session
    from corral.spec.load import Environment
    from corral.spec.resolved import ResolvedAgent


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    agent: Annotated[str, typer.Argument(metavar="TEAM/AGENT")],
    text: Annotated[str, typer.Argument(help="What to say.")],
    local: Annotated[bool, typer.Option("--local", help="On the local AWS.")] = False,
    session_id: Annotated[str | None, typer.Option("--session", help="Continue this session.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The front door's answer as JSON.")] = False,
    project: ProjectOption = None,
) -> None:
    """Send one message. Uses the served local AWS if one is up, else stands one up for this message."""
    if not local:
        say_no("corral invoke talks to the local AWS only: add --local. A real front door: docs/api.md.", 2)
    from corral.front_door import FrontDoorError, send
    from corral.local.session import LocalAwsError

    root = find_project(project)
    environment = environment_of(root, env)
    target = resolved_agent(environment, agent)
    with ExitStack() as stack:
        try:
            session, team = _session(stack, root, environment, target, as_json)
            credentials = session.credentials_for(team["operator_role_arn"], "invoke")
            answer = send(
                team["front_door_url"], credentials, session.at.region, target.name, text, session_id
            )
        except LocalAwsError as error:
            say_no(str(error))
        except FrontDoorError as error:
            say_no(f"the front door refused ({error.status or 'no answer'}, {error.code}): {error}")
    if as_json:
        console.print_json(json.dumps(asdict(answer)))
    else:
        from corral.cli.show_journeys import answer_lines

        console.print(*answer_lines(answer), sep="\n")
        console.print("[dim]The model was scripted; everything around it was real.[/dim]")


def _session(
    stack: ExitStack, root: "Path", environment: "Environment", agent: "ResolvedAgent", as_json: bool
) -> "tuple[Session, dict[str, Any]]":
    """The session to talk through and the outputs of the agent's team."""
    from corral.cli.progress import Progress
    from corral.cli.stand_up import stand_up
    from corral.local import pulumi_project
    from corral.local.journey import scripts
    from corral.local.session import Session, find

    name, team = environment.platform.environment, agent.team
    deployed = find(root, name)
    if deployed is not None:
        # Served empty, it has what came through Pulumi's own engine.
        outputs = deployed.outputs.get(team) or pulumi_project.outputs(root, f"{name}.{team}")
        if agent.name not in outputs.get("agents", {}):
            say_no(f"{team}/{agent.name} is not on the local AWS that is being served: deploy it there first")
        session = Session(deployed.at)
        session.put_scripts(scripts([agent], {team: outputs}))
        return session, outputs
    progress = stack.enter_context(Progress(console, silent=True))
    session, results = stand_up(stack, root, environment, [team], progress, as_json=as_json)
    return session, results[f"{name}.{team}"].outputs
