"""corral validate: check an environment's files without deploying anything; all errors at once."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from corral.cli.project import ProjectOption, console, find_project, load, say_no, show_errors
from corral.spec.errors import SpecErrors

if TYPE_CHECKING:
    from corral.spec.load import Environment


def command(
    env: Annotated[str | None, typer.Argument(help="The environment; every one if left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a report.")] = False,
    project: ProjectOption = None,
) -> None:
    """Check the files of an environment: names, grants, prompts, data. Needs no account and no network."""
    root = find_project(project)
    raise typer.Exit(validate(root, [env] if env is not None else _environments(root), as_json))


def validate(root: Path, environments: list[str], as_json: bool) -> int:
    """Check environments and print what was found. Returns 0 when all are valid, else 1."""
    results = [_one(root, name) for name in environments]
    if as_json:
        typer.echo(json.dumps({"environments": [_as_json(*result) for result in results]}, indent=2))
    else:
        for name, result in results:
            _report(name, result, root)
    return int(any(isinstance(result, SpecErrors) for _, result in results))


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
    for notice in result.notices:
        console.print(f"[yellow]notice:[/yellow] {escape(notice)}", highlight=False)


def _as_json(name: str, result: "Environment | SpecErrors") -> dict[str, Any]:
    if isinstance(result, SpecErrors):
        errors = [asdict(error) for error in result.errors]
        return {"environment": name, "valid": False, "errors": errors, "notices": []}
    counts = _counts(result)
    return {"environment": name, "valid": True, **counts, "errors": [], "notices": result.notices}
