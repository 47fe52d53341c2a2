"""corral approvals: what agents want to do that a person decides, and the decisions."""

import json
import re
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corral.cli.project import ProjectOption, console, environment_of, find_project, say_no

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from corral.approvals import Approval, Desk
    from corral.spec.load import Environment

app = typer.Typer(help="Calls that wait for a person.", no_args_is_help=True, rich_markup_mode=None)

EnvArgument = Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The approval's id, 16 characters.")]
TeamOption = Annotated[
    str | None,
    typer.Option("--team", metavar="TEAM", help="Only this team's. Default: all that you decide for."),
]
LocalOption = Annotated[bool, typer.Option("--local", help="On the served local AWS.")]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="With --local: which of the team's approvers you are. Default: the first.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
_ID = re.compile(r"[0-9a-f]{16}")


@app.command("list")
def list_command(
    env: EnvArgument,
    team: TeamOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="Those of the last week that are decided, too.")
    ] = False,
    local: LocalOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """List the calls that wait for a decision, the one that ends soonest first."""
    from corral.cli.show_approvals import table

    found = _waiting(_desks(env, team, local, as_name, project), every=every)
    if as_json:
        console.print_json(json.dumps(found))
    elif found:
        console.print(table(found))
    else:
        console.print("Nothing waits for a decision." if not every else "Nothing was asked in the last week.")


@app.command("show")
def show_command(
    env: EnvArgument,
    key: IdArgument,
    team: TeamOption = None,
    local: LocalOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Show one call: what the agent wants to do, with the exact arguments, and what has happened so far."""
    _, approval = _find(env, key, team, local, as_name, project)
    _print(approval, as_json)


@app.command("approve")
def approve_command(
    env: EnvArgument,
    key: IdArgument,
    team: TeamOption = None,
    reason: Annotated[str, typer.Option("--reason", help="Goes on record.")] = "",
    local: LocalOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Let one call run: once, with exactly these arguments, when the agent makes it again in its session."""
    desk, _ = _find(env, key, team, local, as_name, project)
    _print(_decide(desk, key, True, reason), as_json)


@app.command("deny")
def deny_command(
    env: EnvArgument,
    key: IdArgument,
    reason: Annotated[str, typer.Option("--reason", help="Goes on record, and the agent is told.")],
    team: TeamOption = None,
    local: LocalOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Refuse one call."""
    desk, _ = _find(env, key, team, local, as_name, project)
    _print(_decide(desk, key, False, reason), as_json)


@app.command("watch")
def watch_command(
    env: EnvArgument,
    team: TeamOption = None,
    seconds: Annotated[int, typer.Option("--every", min=1, max=3600, help="Seconds between two looks.")] = 10,
    local: LocalOption = False,
    as_name: AsOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Show each call as it comes to wait, and what became of it, until Ctrl-C. With --json one a line."""
    from corral.cli.show_approvals import changed, lines

    desks = _desks(env, team, local, as_name, project)
    known = {approval["id"]: approval for approval in _waiting(desks, every=True)}
    shown: Iterable[Approval] = [each for each in known.values() if each["status"] == "PENDING"]
    try:
        while True:
            for approval in shown:
                if as_json:
                    print(json.dumps(approval), flush=True)
                else:
                    console.print(*lines(approval), "", sep="\n", highlight=False, markup=False)
            time.sleep(seconds)
            now = {approval["id"]: approval for approval in _waiting(desks, every=True)}
            shown = [approval for key, approval in now.items() if changed(known.get(key), approval)]
            known = now
    except KeyboardInterrupt:
        return


def _print(approval: "Approval", as_json: bool) -> None:
    from corral.cli.show_approvals import lines

    if as_json:
        console.print_json(json.dumps(approval))
    else:
        console.print(*lines(approval), sep="\n", highlight=False, markup=False)


def _waiting(desks: "list[Desk]", *, every: bool) -> "list[Approval]":
    from corral.approvals import ApprovalsError

    try:
        found = [approval for desk in desks for approval in desk.waiting(every=every)]
    except ApprovalsError as error:
        say_no(str(error))
    return sorted(found, key=lambda approval: str(approval["expires_at"]))


def _find(
    env: str, key: str, team: str | None, local: bool, as_name: str | None, project: "Path | None"
) -> "tuple[Desk, Approval]":
    """The approval of this id, at whichever of the desks it is."""
    from corral.approvals import ApprovalsError

    if not _ID.fullmatch(key):
        say_no(
            f"{key!r} is no approval's id: 16 of 0-9 and a-f, as corral approvals list {env} shows them", 2
        )
    desks = _desks(env, team, local, as_name, project)
    for desk in desks:
        try:
            return desk, desk.show(key)
        except ApprovalsError as error:
            if error.code != "unknown_approval":
                return say_no(str(error))
    teams = ", ".join(desk.team for desk in desks)
    return say_no(
        f"there is no approval {key} of {teams}: corral approvals list {env} --all shows what there is"
    )


def _decide(desk: "Desk", key: str, approve: bool, reason: str) -> "Approval":
    from corral.approvals import ApprovalsError

    try:
        return desk.decide(key, approve=approve, reason=reason)
    except ApprovalsError as error:
        say_no(f"not decided: {error}")


def _desks(
    env: str, team: str | None, local: bool, as_name: str | None, project: "Path | None"
) -> "list[Desk]":
    """Where this person decides: one desk for each team whose approver role they may take."""
    from corral.spec.approvers import deciders
    from corral.spec.errors import suggestion

    if as_name is not None and not local:
        say_no("--as is for the local AWS: in an account you are who your credentials say", 2)
    root = find_project(project)
    environment = environment_of(root, env)
    people = {name: deciders(spec) for name, spec in environment.teams.items()}
    people = {name: arns for name, arns in people.items() if arns}
    if team is not None and team not in people:
        known = ", ".join(people) or "none"
        say_no(f"no team {team} has approvers. Teams that have: {known}.{suggestion(team, people)}")
    wanted = {name: arns for name, arns in people.items() if team in (None, name)}
    if not wanted:
        say_no(f"no team of {env} has approvers: name them in members.approvers")
    return _local(root, env, wanted, as_name) if local else _account(environment, wanted)


def _local(root: "Path", env: str, people: dict[str, list[str]], as_name: str | None) -> "list[Desk]":
    from corral.approvals import Desk
    from corral.local import pulumi_project
    from corral.local.session import Session, find
    from corral.spec.rights import session_name

    deployed = find(root, env)
    if deployed is None:
        say_no(f"{env} is not served here: corral up {env} --local --serve first")
    session, desks = Session(deployed.at), list[Desk]()
    platform = deployed.outputs.get("") or pulumi_project.outputs(root, env)
    for team, arns in people.items():
        names = [session_name(arn) for arn in arns]
        outputs: dict[str, Any] = deployed.outputs.get(team) or pulumi_project.outputs(root, f"{env}.{team}")
        role = outputs.get("approver_role_arn")
        if role and (as_name is None or as_name in names):
            keys = session.credentials_for(role, as_name or names[0])
            desks.append(Desk(team, platform["approvals_url"], deployed.at.region, keys))
    if not desks:
        known = ", ".join(sorted({session_name(arn) for arns in people.values() for arn in arns}))
        say_no(f"nobody called {as_name} decides here. Known: {known}.")
    return desks


def _account(environment: "Environment", people: dict[str, list[str]]) -> "list[Desk]":
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from corral.approvals import ApprovalsError, account_desk, person
    from corral.spec.rights import session_name

    platform = environment.platform
    try:
        session = boto3.Session(region_name=platform.region)
        caller = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        say_no(f"no credentials for account {platform.account}: {error}")
    name = person(caller["Arn"])
    own = f":assumed-role/corral-{platform.environment}-team-"
    mine = [
        team
        for team, arns in people.items()
        if f"{own}{team}-approver/" in caller["Arn"] or name in map(session_name, arns)
    ]
    if not mine:
        say_no(f"{name}, whom your AWS credentials name, is an approver of none of {', '.join(people)}")
    try:
        return [account_desk(session, platform.account, platform.environment, team) for team in mine]
    except ApprovalsError as error:
        say_no(str(error))
