"""corral audit access: who reaches what as it is deployed, and what of that the specification does not grant."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from corral.cli.project import ProjectOption, console, environment_of, find_project, say_no

if TYPE_CHECKING:
    from corral.audit.access import Matrix
    from corral.audit.access_account import Client
    from corral.spec.load import Environment


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    local: Annotated[bool, typer.Option("--local", help="On the served local AWS.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Ask IAM's policy simulator in place of our own evaluator.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="List every path, those granted as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The whole matrix as JSON.")] = False,
    project: ProjectOption = None,
) -> None:
    """Compute from roles, policies and resources on AWS who may do what; ends with 1 for any difference.

    Read with the credentials that boto3 finds: an auditor's, or any that may read IAM, Lambda, S3, DynamoDB and
    AgentCore.
    """
    if local and live:
        say_no("the local AWS has no policy simulator: --live is for an account, without --local", 2)
    root = find_project(project)
    environment = environment_of(root, env)
    matrix = _matrix(root, environment, local, live, as_json)
    differs = bool(matrix.of("extra") or matrix.of("missing"))
    if as_json:
        console.print_json(json.dumps(matrix.document()))
    else:
        _show(matrix, every)
    raise typer.Exit(int(differs))


def _matrix(root: Path, environment: "Environment", local: bool, live: bool, silent: bool) -> "Matrix":
    from botocore.exceptions import BotoCoreError, ClientError

    from corral.audit.access import access_matrix
    from corral.audit.access_cedar import CedarError
    from corral.audit.access_live import Simulator
    from corral.cli.progress import Progress

    client = _local(root, environment) if local else _account(environment)
    first = "asking IAM's policy simulator" if live else "reading roles, policies and resources"
    with Progress(console, silent=silent, first=first, journeys=False):
        try:
            return access_matrix(environment, client, Simulator(client("iam")) if live else None)
        except (ClientError, BotoCoreError) as error:
            say_no(f"the account cannot be read: {error}")
        except CedarError as error:
            say_no(f"the gateway's policies cannot be evaluated: {error}")


def _local(root: Path, environment: "Environment") -> "Client":
    from corral.local.session import Session, find

    name = environment.platform.environment
    deployed = find(root, name)
    if deployed is None:
        say_no(f"{name} is not served here: corral up {name} --local --serve first")
    return Session(deployed.at).client


def _account(environment: "Environment") -> "Client":
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    platform = environment.platform
    try:
        session = boto3.Session(region_name=platform.region)
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        say_no(f"no credentials for account {platform.account}: {error}")
    if account != platform.account:
        say_no(f"these credentials are of account {account}, {platform.environment} is in {platform.account}")

    def client(service: str) -> Any:
        return session.client(service)

    return client


def _show(matrix: "Matrix", every: bool) -> None:
    extra, missing, same = matrix.of("extra"), matrix.of("missing"), matrix.of("granted")
    if every:
        for row in same:
            console.print(f"  {escape(f'{row.principal}: {row.action} {row.resource}')}", highlight=False)
    for row in extra:
        path = escape(f"{row.principal}: {row.action} {row.resource}")
        console.print(
            f"[red]extra[/red]    {path}  [dim]({escape(str(row.opened_by))})[/dim]", highlight=False
        )
    for row in missing:
        path = escape(f"{row.principal}: {row.action} {row.resource}")
        console.print(f"[yellow]missing[/yellow]  {path}", highlight=False)
    console.print(
        f"{len(same) + len(extra)} paths on account {matrix.account}: {len(same)} as {matrix.environment} "
        f"grants them, {len(extra)} extra; {len(missing)} granted and not there",
        highlight=False,
    )
