"""corral drift: what the monitor found of deployed agents, and what the detector would have said of a history."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corral.cli.audit_query import LocalOption
from corral.cli.desk import desk_of, kept_reason
from corral.cli.project import (
    ProjectOption,
    agreed,
    chosen_agents,
    console,
    environment_of,
    find_project,
    resolved_agent,
    say_no,
)
from corral.spec.errors import suggestion

if TYPE_CHECKING:
    from corral.drift.replay import Replayed
    from corral.drift.shown import Row

app = typer.Typer(help="Agents that get worse.", no_args_is_help=True, rich_markup_mode=None)


@app.command("show")
def show_command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment, such as dev.")],
    agent: Annotated[str | None, typer.Argument(metavar="[TEAM[/AGENT]]", help="Default: all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The rows as JSON.")] = False,
    local: LocalOption = False,
    project: ProjectOption = None,
) -> None:
    """Show each agent's scores, baselines, since when it is so, and why. 1 alarms."""
    from botocore.exceptions import BotoCoreError, ClientError

    from corral.audit.deployed import NotDeployedError, session_of
    from corral.drift.shown import rows
    from corral.spec.names import drift_table_name

    root = find_project(project)
    environment = environment_of(root, env)
    wanted = [f"{each.team}/{each.name}" for each in chosen_agents(environment, agent)]
    try:
        table = drift_table_name(environment.platform.environment)
        found = rows(session_of(root, environment, local).client("dynamodb"), table, wanted)
    except NotDeployedError as error:
        say_no(str(error))
    except (BotoCoreError, ClientError) as error:
        say_no(f"what the drift monitor keeps cannot be read: {error}")
    if as_json:
        print(json.dumps([row.to_json() for row in found], ensure_ascii=False, indent=1))
    else:
        _show_rows(found)


@app.command("accept")
def accept_command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment, such as dev.")],
    agent: Annotated[str, typer.Argument(metavar="TEAM/AGENT")],
    *,
    reason: Annotated[str, typer.Option(help="Why this is how it should be; it is kept.")],
    metrics: Annotated[
        list[str] | None, typer.Option("--metric", metavar="NAME", help="Only this metric. Default: all.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="What is on record, as JSON.")] = False,
    local: LocalOption = False,
    project: ProjectOption = None,
) -> None:
    """Take an agent as it is now: with its next pass the monitor forgets baselines, and learns new ones."""
    from corral.drift.accepting import AcceptError, accept
    from functions.common.drift import METRICS

    kept, chosen = kept_reason(reason), list(dict.fromkeys(metrics or []))
    for name in chosen:
        if name not in METRICS:
            say_no(f"--metric {name}: known are {', '.join(METRICS)}.{suggestion(name, METRICS)}", 2)
    if "/" not in agent:
        say_no(f"{agent!r} is no agent: give TEAM/AGENT", 2)
    root = find_project(project)
    environment = environment_of(root, env)
    desk = desk_of(root, environment, resolved_agent(environment, agent).team, local)
    what = ", ".join(chosen) or "all its metrics"
    if not yes and not agreed(f"Take {agent} as it is now in {what}?", err=as_json):
        say_no("nothing is changed")
    try:
        done = accept(desk, agent, chosen, kept)
    except AcceptError as error:
        say_no(str(error))
    if as_json:
        print(json.dumps(done, ensure_ascii=False, indent=1))
    else:
        console.print(
            f"{agent}: {what} will be learned anew, from the monitor's next pass on", highlight=False
        )


@app.command("replay")
def replay_command(
    file: Annotated[Path, typer.Argument(help="A history: .csv, .jsonl, or .json from CloudWatch.")],
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric", metavar="NAME", help="Only this metric; for a file that names none, what it is of."
        ),
    ] = None,
    tolerances: Annotated[
        list[str] | None,
        typer.Option(
            "--tolerance", metavar="METRIC=SHARE", help="The change that matters, such as accuracy=0.1."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The outcome as JSON.")] = False,
) -> None:
    """Run the drift detector over a history and show what would have alarmed when, and why."""
    from corral.drift.history import HistoryError, read
    from corral.drift.replay import replay
    from functions.drift_monitor.detect.metrics import METRICS

    for name in metrics or []:
        if name not in METRICS:
            say_no(f"--metric {name}: known are {', '.join(METRICS)}.{suggestion(name, METRICS)}", 2)
    shares = dict(_tolerance(text, list(METRICS)) for text in tolerances or [])
    only = set(metrics or METRICS)
    try:
        found = read(file, metrics[0] if metrics and len(metrics) == 1 else None)
    except HistoryError as error:
        say_no(str(error))
    chosen = [series for series in found if series.metric in only]
    if not chosen:
        say_no(
            f"{file} has no {', '.join(sorted(only))}; it has {', '.join(sorted({s.metric for s in found}))}"
        )
    replayed = []
    with console.status("replaying") as status:
        for series in chosen:
            status.update(f"replaying {series.agent} {series.metric}")
            replayed.append(replay(series, shares.get(series.metric)))
    if as_json:
        print(json.dumps([each.to_json() for each in replayed], ensure_ascii=False, indent=1))
    else:
        _show(replayed)


def _tolerance(text: str, known: list[str]) -> tuple[str, float]:
    name, _, share = text.partition("=")
    if name not in known:
        say_no(
            f"--tolerance {text}: {name!r} is no metric. Known: {', '.join(known)}.{suggestion(name, known)}",
            2,
        )
    try:
        value = float(share)
    except ValueError:
        value = 0.0
    if not 0 < value <= 10:
        say_no(f"--tolerance {text}: give a share of the baseline above 0, such as {name}=0.1", 2)
    return name, value


def _show_rows(rows: "list[Row]") -> None:
    from rich.markup import escape
    from rich.table import Table

    if not sys.stdout.isatty():
        console.width = 10_000  # nothing is cut that a file or a pipe is to have
    table = Table(box=None, pad_edge=False)
    for column in ("agent", "metric", "state", "score", "since", "baseline", "version"):
        table.add_column(column, justify="right" if column == "score" else "left")
    for row in rows:
        table.add_row(
            *(escape(row.agent), row.metric, row.state, f"{row.score:.2f}"),
            *(
                _time(row.since) if row.since else "-",
                row.baseline or "-",
                escape(row.baseline_version or "-"),
            ),
        )
    console.print(table)
    # Why, where there is something to say; all of it for one agent.
    one = len({row.agent for row in rows}) == 1
    for row in rows:
        if one or row.state in ("drift", "silent", "watch", "comparing", "better"):
            console.print(
                f"\n{row.agent} {row.metric}: {row.state}\n    {row.reason}", highlight=False, markup=False
            )


def _show(replayed: "list[Replayed]") -> None:
    from rich.markup import escape
    from rich.table import Table

    if not sys.stdout.isatty():
        console.width = 10_000  # nothing is cut that a file or a pipe is to have
    table = Table(box=None, pad_edge=False)
    for column in ("agent", "metric", "hours", "alarms", "at the end", "score"):
        table.add_column(column, justify="right" if column in ("hours", "alarms", "score") else "left")
    for each in replayed:
        series, last = each.series, each.last
        table.add_row(
            *(
                escape(series.agent or "-"),
                series.metric,
                str(sum(each.hours.values())),
                str(len(each.alarms)),
            ),
            *(last.state, f"{last.score:.2f}"),
        )
    console.print(table)
    for each in replayed:
        title = " ".join(filter(None, (each.series.agent, each.series.metric)))
        for alarm in each.alarms:
            until = f"until {_time(alarm.until)}" if alarm.until else "to the end"
            console.print(
                f"\n{_time(alarm.began.time)}  {title}: {alarm.began.state}, {until}, "
                f"score up to {alarm.highest:.2f}\n    {alarm.began.reason}",
                highlight=False,
                markup=False,
            )
        if not each.alarms:
            console.print(f"\n{title}: no alarm\n    {each.last.reason}", highlight=False, markup=False)


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
