"""corral validate: check an environment's files without deploying anything; all errors at once."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from corral.cli.project import ProjectOption, console, find_project, load, say_no, show_errors
from corral.spec.errors import SpecErrors
from corral.spec.notices import TITLES, Notice

if TYPE_CHECKING:
    from corral.spec.load import Environment

_MOST_SHOWN = 100  # notices; of errors as many


def command(
    env: Annotated[str | None, typer.Argument(help="The environment; every one if left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a report.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Notices count as errors: for CI.")] = False,
    project: ProjectOption = None,
) -> None:
    """Check the files of an environment: names, grants, prompts, data, sprawl. Needs no account and no network."""
    root = find_project(project)
    raise typer.Exit(validate(root, [env] if env is not None else _environments(root), as_json, strict))


def validate(root: Path, environments: list[str], as_json: bool, strict: bool = False) -> int:
    """Check environments and print what was found. Returns 0 when all are valid, else 1.

    With `strict`, an environment that there are notices about is not valid enough.
    """
    results = [_one(root, name) for name in environments]
    if as_json:
        typer.echo(json.dumps({"environments": [_as_json(*result) for result in results]}, indent=2))
    else:
        for name, result in results:
            _report(name, result, root)
    return int(any(isinstance(found, SpecErrors) or (strict and found.notices) for _, found in results))


def _environments(root: Path) -> list[str]:
    from corral.spec.load import environment_names

    return environment_names(root) or say_no(f"{root} has no environment: no stacks/*/platform.yaml", 1)


def _one(root: Path, name: str) -> "tuple[str, Environment | SpecErrors]":
    try:
        return name, load(root, name)
    except SpecErrors as errors:
        return name, errors


def _counts(environment: "Environment") -> dict[str, int]:
    return {
        "teams": len(environment.teams),
        "agents": sum(map(len, environment.agents.values())),
        "tools": len(environment.tools),
        "domains": len(environment.domains),
    }


def _report(name: str, result: "Environment | SpecErrors", root: Path) -> None:
    if isinstance(result, SpecErrors):
        show_errors(result, root)
        return
    said = ", ".join(f"{n} {kind if n != 1 else kind[:-1]}" for kind, n in _counts(result).items())
    console.print(f"[green]{name} is valid[/green]: {said}", highlight=False)
    _show_notices(result.notices)


def _show_notices(notices: Sequence[Notice]) -> None:
    """Print notices by kind, each with its place; of very many the first ones."""
    ordered = sorted(notices, key=lambda notice: list(TITLES).index(notice.code))
    shown = ordered[:_MOST_SHOWN]
    for code, title in TITLES.items():
        if of_kind := [notice for notice in shown if notice.code == code]:
            console.print(f"\n[bold]{title}[/bold] [dim]({code})[/dim]", highlight=False)
            for notice in of_kind:
                console.print(f"  [yellow]{escape(notice.place)}[/yellow]", highlight=False)
                console.print(f"      {escape(notice.text)}", highlight=False)
    if notices:
        first = f" (the first {len(shown)} are shown)" if len(shown) < len(notices) else ""
        said = f"{len(notices):,} notice{'s' * (len(notices) != 1)}"
        console.print(f"\n[bold yellow]{said}[/bold yellow]{first}", highlight=False)


def _as_json(name: str, result: "Environment | SpecErrors") -> dict[str, Any]:
    if isinstance(result, SpecErrors):
        errors = [asdict(error) for error in result.errors]
        return {"environment": name, "valid": False, "errors": errors, "notices": []}
    counts = _counts(result)
    return {
        "environment": name,
        "valid": True,
        **counts,
        "errors": [],
        "notices": [asdict(n) for n in result.notices],
    }
