"""corral audit report: what an auditor signs, as one HTML file."""

import hashlib
import json
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from corral.cli.audit_query import LocalOption, UntilOption
from corral.cli.project import ProjectOption, complaints, console, environment_of, find_project, say_no

if TYPE_CHECKING:
    from corral.audit.report.made import Report

_MOST_SHOWN = 20
_WEIGHTS = {
    "wrong": "[red]wrong[/red]    ",
    "unknown": "[yellow]not known[/yellow]",
    "soon": "[yellow]soon[/yellow]     ",
}


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    since: Annotated[
        str, typer.Option("--since", help="2026-11-01, 2026-11-01T08:30 (UTC), or 30d, 12h, 30m ago.")
    ] = "30d",
    until: UntilOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Default: audit-ENV-TIME.html here. Must not be there yet."
        ),
    ] = None,
    outputs: Annotated[
        Path | None, typer.Option("--outputs", metavar="FILE", help="The platform's outputs, as JSON.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
    local: LocalOption = False,
    project: ProjectOption = None,
) -> None:
    """Make the report of a deployed platform: controls, agents, access, records, activity, evidence, waivers.

    Ends with 0 when the report is made, whatever is in it.
    """
    if local and outputs is not None:
        say_no("the local AWS knows its outputs: --outputs is for an account, without --local", 2)
    from corral.audit.deployed import NotDeployedError
    from corral.audit.period import Period, PeriodError
    from corral.audit.report.keep import KeepError, keep, make_sure
    from corral.audit.report.make import make
    from corral.audit.report.page import PageError, page
    from corral.audit.report.summary import summary
    from corral.audit.verify import SETTLED

    now = datetime.now(UTC)
    try:
        # What is still on its way would look like a gap; the local AWS has delivered all it has.
        period = Period.read(since, until, now if local else now - SETTLED)
    except PeriodError as error:
        say_no(str(error), 2)
    root = find_project(project)
    environment = environment_of(root, env)
    path = out or Path(f"audit-{env}-{now:%Y%m%dT%H%M%S}Z.html")
    try:
        make_sure(path)  # before the work, not after it
        with nullcontext() if as_json else complaints.status("asking") as status:

            def told(what: str) -> None:
                if status:
                    status.update(f"asking for {escape(what)}")

            report = make(root, environment, period, now, local, outputs, told)
            content = page(report)
        keep(content, path)
    except (NotDeployedError, KeepError, PageError) as error:
        say_no(str(error))
    digest = hashlib.sha256(content).hexdigest()
    if as_json:
        told_of = {**summary(report), "out": str(path), "sha256": digest, "bytes": len(content)}
        print(json.dumps(told_of, ensure_ascii=False, indent=1))
    else:
        _show(report, path, digest, len(content))


def _show(report: "Report", path: Path, digest: str, size: int) -> None:
    counts = ", ".join(f"{count} {status}" for status, count in report.counts.items() if count)
    console.print(
        f"{report.verdict} {len(report.findings)} controls: {counts}", highlight=False, markup=False
    )
    for point in report.points[:_MOST_SHOWN]:
        why = f"  [dim]{escape(point.why)}[/dim]" if point.why else ""
        console.print(f"{_WEIGHTS[point.weight]}  {escape(point.text)}{why}", highlight=False)
    if len(report.points) > _MOST_SHOWN:
        console.print(f"and {len(report.points) - _MOST_SHOWN} more, in the report", highlight=False)
    console.print(f"[green]{escape(str(path))}[/green], {size / 1e6:.1f} MB", highlight=False)
    console.print(f"SHA-256 {digest}", highlight=False)
