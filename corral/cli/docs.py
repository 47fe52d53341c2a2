"""corral docs: an environment's documentation as a static site, made from its files alone."""

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from corral.cli.project import (
    ProjectOption,
    complaints,
    console,
    environment_of,
    find_project,
    say_no,
    show_errors,
)
from corral.spec.errors import SpecErrors

if TYPE_CHECKING:
    from corral.spec.load import Environment

_MOST_SHOWN = 50


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the site is, or is to be.")],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 1 when DIR is stale.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")] = False,
    project: ProjectOption = None,
) -> None:
    """Make a site of an environment: agents, runbooks, tools, teams, domains, with search. Needs no account."""
    from corral.site.folder import FolderError
    from corral.site.pages import NoTemplatesError

    root = find_project(project)
    environment = environment_of(root, env)
    try:
        if check:
            _check(environment, out, as_json)
        else:
            _make(environment, out, as_json)
    except SpecErrors as errors:
        show_errors(errors, root)
        raise typer.Exit(1) from None
    except (FolderError, NoTemplatesError) as error:
        say_no(str(error))


def _make(environment: "Environment", out: Path, as_json: bool) -> None:
    from corral.site.folder import make_sure, place

    make_sure(out)  # before the work, not after it
    count = place(_pages(environment), out)
    if as_json:
        typer.echo(json.dumps({"out": str(out), "files": count}))
    else:
        console.print(f"[green]{count} files[/green] in {escape(str(out))}", highlight=False)
        console.print(f"Open {escape(str(out / 'index.html'))} in a browser.", highlight=False)


def _check(environment: "Environment", out: Path, as_json: bool) -> None:
    """Print what is out of date. Ends with 1 if anything is."""
    from corral.site.folder import compare

    found = compare(_pages(environment), out)
    if as_json:
        typer.echo(json.dumps({"out": str(out), "fresh": not found, **asdict(found)}))
        raise typer.Exit(int(bool(found)))
    if not found:
        console.print(f"[green]{escape(str(out))} is up to date[/green]", highlight=False)
        return
    for what, paths in asdict(found).items():
        for path in paths[:_MOST_SHOWN]:
            console.print(f"[red]{what:<8}[/red] {escape(path)}", highlight=False)
        if len(paths) > _MOST_SHOWN:
            console.print(f"[red]{what:<8}[/red] and {len(paths) - _MOST_SHOWN} more", highlight=False)
    name = environment.platform.environment
    say_no(f"{out} is not what the files say: run corral docs {name} --out {shlex.quote(str(out))}")


def _pages(environment: "Environment") -> dict[str, bytes]:
    """All files of the site. Shows which one is being made."""
    from corral.site.gather import gather
    from corral.site.pages import pages

    made: dict[str, bytes] = {}
    with complaints.status("reading cards and templates") as status:
        for path, content in pages(gather(environment)):
            made[path] = content
            status.update(f"{len(made)} files  {escape(path)}")
    return made
