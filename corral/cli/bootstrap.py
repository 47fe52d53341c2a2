"""corral bootstrap: the CloudFormation template that an account's owner deploys once, and a pipeline's workflow."""

from pathlib import Path
from typing import Annotated

import typer

from corral.cli.project import ProjectOption, complaints, environment_of, find_project, say_no


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the template there. Default: show it.")
    ] = None,
    github: Annotated[
        str | None,
        typer.Option(
            "--github", metavar="OWNER/REPO", help="Its workflows deploy, from protected environments."
        ),
    ] = None,
    oidc_issuer: Annotated[
        str | None,
        typer.Option("--oidc-issuer", metavar="URL", help="Another issuer whose tokens may deploy."),
    ] = None,
    oidc_subject: Annotated[
        str | None,
        typer.Option(
            "--oidc-subject",
            metavar="PATTERN",
            help="The subject of its tokens, with {team} for the team; platform is the whole environment.",
        ),
    ] = None,
    existing_oidc_provider: Annotated[
        str | None,
        typer.Option("--existing-oidc-provider", metavar="ARN", help="The account has one for this issuer."),
    ] = None,
    deployer: Annotated[
        list[str] | None,
        typer.Option(
            "--deployer", metavar="ARN", help="May deploy the environment from a shell; repeat for more."
        ),
    ] = None,
    team_deployer: Annotated[
        list[str] | None,
        typer.Option("--team-deployer", metavar="TEAM=ARN", help="May deploy one team; repeat for more."),
    ] = None,
    break_glass: Annotated[
        list[str] | None,
        typer.Option(
            "--break-glass", metavar="ARN", help="A user for emergencies, with an alert; repeat for more."
        ),
    ] = None,
    mfa: Annotated[
        bool, typer.Option("--mfa/--no-mfa", help="Whether people who deploy need a second factor.")
    ] = True,
    workflow: Annotated[
        Path | None,
        typer.Option("--workflow", metavar="FILE", help="Write GitHub's workflow there; with --github."),
    ] = None,
    project: ProjectOption = None,
) -> None:
    """Render what an account's owner deploys once: state, boundaries, and who may deploy. Touches no account."""
    from corral.bootstrap import options, render

    root = find_project(project)
    environment = environment_of(root, env)
    if workflow is not None and github is None:
        say_no("--workflow is for GitHub: add --github OWNER/REPO", 2)
    try:
        chosen = options.options(
            environment,
            options.federation(env, github, oidc_issuer, oidc_subject, existing_oidc_provider),
            deployers=deployer or (),
            team_deployers=team_deployer or (),
            break_glass=break_glass or (),
            mfa=mfa,
        )
        template = render.rendered(root, chosen)
    except options.BootstrapError as error:
        say_no(str(error))
    if workflow is not None:
        _write(workflow, render.workflow(root, chosen))
    if out is None:
        typer.echo(template, nl=False)
    else:
        _write(out, template)
        complaints.print(f"next: docs/bootstrap.md, with {out}", highlight=False, markup=False)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        say_no(f"{path} cannot be written: {error.strerror}")
    complaints.print(f"wrote {path}", highlight=False, markup=False)
