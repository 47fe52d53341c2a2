"""corral promote: an agent passes the gate of its next stage, or is told which figures are in the way."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    resolved_agent,
    say_no,
)

if TYPE_CHECKING:
    from corral.override import Desk
    from corral.promotion.looked import Looked
    from corral.spec.load import Environment
    from corral.spec.resolved import ResolvedAgent

SITE = Path("docs/site")


def command(
    env: EnvArgument,
    agent: Annotated[str, typer.Argument(metavar="TEAM/AGENT")],
    *,
    reason: Annotated[str | None, typer.Option(help="Why; it is kept. Without it, only look.")] = None,
    docs: Annotated[Path, typer.Option(help="The folder of the documentation site.")] = SITE,
    yes: YesOption = False,
    local: LocalOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="What was looked at, as JSON.")] = False,
    project: ProjectOption = None,
) -> None:
    """Promote an agent to its next stage, by figures that the platform measured and by its files.

    Shows each with its limit, and refuses when one fails. With --reason it then asks, has the platform decide and
    record, and writes the promotion and the stage into the project's files.
    """
    root = find_project(project)
    environment = environment_of(root, env)
    spec = resolved_agent(environment, agent)
    if reason is not None:
        reason = kept_reason(reason)
    stage = _next_stage(environment, spec)
    desk = desk_of(root, environment, None, local)  # operators of the platform promote, teams do not
    of_platform = _measured(desk, agent, stage)
    own = _looked_at(root, environment, spec, stage, root / docs, as_json)
    found = [*of_platform, *own]
    failed = [each for each in found if not each.ok]
    if not as_json:
        _show(agent, stage, found)
    elif failed or reason is None:
        _print(agent, stage, found)
    if failed:
        listed = "; ".join(each.failing for each in failed)
        say_no(f"{agent} does not pass the gate of {stage}: {listed}")
    if reason is None:
        return
    if not yes and not agreed(f"Promote {agent} to {stage}?", err=as_json):
        say_no("nothing is changed")
    made = _promoted(desk, agent, stage, reason, own)
    written = _written(root, environment, spec, made)
    if as_json:
        _print(agent, stage, found, made)
        return
    console.print(f"[green]{agent} is promoted to {stage}[/green], by {escape(made['by'])}", highlight=False)
    for path in written:
        console.print(f"written: {escape(path)}", highlight=False)
    console.print(f"next: [bold]corral up {env} --team {spec.team}[/bold]", highlight=False)


def _next_stage(environment: "Environment", agent: "ResolvedAgent") -> str:
    """The stage after the one it has come to, by its promotions. Ends with 1 when there is none, or it is not there."""
    from corral.spec.gates import next_stage

    label = f"{agent.team}/{agent.name}"
    passed = environment.promotions.get(f"{agent.team}/{agent.key}")
    if passed is not None and passed.stage != agent.stage:
        say_no(
            f"{label} has passed the gate of {passed.stage}, and is at {agent.stage}: write stage: {passed.stage} in "
            "its team's file"
        )
    stage = next_stage(agent.stage)
    if stage is None:
        say_no(f"{label} is at {agent.stage}, the last stage")
    return stage


def _measured(desk: "Desk", agent: str, stage: str) -> "list[Looked]":
    """What the platform measured."""
    from corral.promotion.client import PromotionError, measured

    try:
        return measured(desk, agent, stage)
    except PromotionError as error:
        say_no(str(error))


def _looked_at(
    root: Path, environment: "Environment", agent: "ResolvedAgent", stage: str, docs: Path, silent: bool
) -> "list[Looked]":
    """What is in the files, and the scenarios, played."""
    from corral.cli.progress import Progress
    from corral.local.session import LocalAwsError
    from corral.promotion.checks import from_files, scenarios

    found = list(from_files(environment, agent, stage, docs))
    try:
        with Progress(console, silent=silent, first="its scenarios: starting the local AWS") as progress:
            found.append(scenarios(root, environment, agent, progress))
    except LocalAwsError as error:
        say_no(f"the scenarios could not be played: {error}")
    return found


def _promoted(desk: "Desk", agent: str, stage: str, reason: str, own: "Sequence[Looked]") -> dict[str, Any]:
    """Have the platform decide, and record who did."""
    from corral.promotion.client import PromotionError, promote

    try:
        return promote(desk, agent, stage, reason, own)
    except PromotionError as error:
        say_no(str(error))


def _written(
    root: Path, environment: "Environment", agent: "ResolvedAgent", made: dict[str, Any]
) -> list[str]:
    """Write the promotion and the stage into the files; where."""
    from corral.cli.changes import prepared
    from corral.scaffold.files import CannotWriteError, write
    from corral.scaffold.promote import promoted
    from corral.spec.source import shown_path

    file = f"stacks/{environment.platform.environment}/teams/{agent.team}.yaml"
    changes = prepared(lambda: promoted(environment, agent, made), file)
    try:
        write(changes, root)
    except CannotWriteError as error:
        say_no(
            f"{agent.team}/{agent.name} is promoted, and the files are not written: {error}. Promote it again"
        )
    return [shown_path(change.path, root) for change in changes]


def _print(
    agent: str, stage: str, found: "Sequence[Looked]", promotion: dict[str, Any] | None = None
) -> None:
    said = {
        "agent": agent,
        "stage": stage,
        "passes": all(each.ok for each in found),
        "figures": [asdict(each) for each in found],
        "promotion": promotion,
    }
    print(json.dumps(said, indent=1, ensure_ascii=False))


def _show(agent: str, stage: str, found: "Sequence[Looked]") -> None:
    table = Table("", "is", "must be", title=f"{agent}, to {stage}", title_justify="left")
    for each in found:
        mark = "[green]✓[/green]" if each.ok else "[red]✗[/red]"
        table.add_row(f"{mark} {escape(each.what)}", escape(each.value), escape(each.limit))
    console.print(table, highlight=False)
