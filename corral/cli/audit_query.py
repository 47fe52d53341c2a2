"""corral audit query: a saved query over trail and decision records, in an account or on the local AWS."""

import csv
import io
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corral.cli.project import ProjectOption, console, environment_of, find_project, say_no

if TYPE_CHECKING:
    from corral.audit.athena import Rows
    from corral.audit.deployed import Platform
    from corral.spec.load import Environment

LocalOption = Annotated[bool, typer.Option("--local", help="On the served local AWS.")]
SinceOption = Annotated[
    str, typer.Option("--since", help="2026-11-01, 2026-11-01T08:30 (UTC), or 7d, 12h, 30m ago.")
]
UntilOption = Annotated[str | None, typer.Option("--until", help="The same; a day belongs to the period.")]


def command(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="The query; without one, a list.")
    ] = None,
    env: Annotated[str | None, typer.Argument(metavar="[ENV]", help="Default: the only environment.")] = None,
    since: SinceOption = "7d",
    until: UntilOption = None,
    given: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A parameter.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The rows as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="The rows as CSV.")] = False,
    local: LocalOption = False,
    project: ProjectOption = None,
) -> None:
    """Ask the audit records. Without a name it lists what can be asked."""
    if as_json and as_csv:
        say_no("give either --json or --csv", 2)
    if name is None:
        _list(as_json)
        return
    from corral.audit.athena import AthenaError
    from corral.audit.deployed import NotDeployedError, usual_values
    from corral.audit.library import ENVIRONMENT, QueryError, find
    from corral.audit.period import Period, PeriodError

    try:
        query = find(name)
        period = Period.read(since, until, datetime.now(UTC))
        settings = dict(_pair(text) for text in given or [])
        query.sql({**dict.fromkeys(ENVIRONMENT, ""), **period.parameters()}, settings)
    except (QueryError, PeriodError) as error:
        say_no(str(error), 2)
    root = find_project(project)
    environment = environment_of(root, env or only_environment(root))
    try:
        platform = platform_of(root, environment, local)
        with console.status(f"asking Athena: {query.title}"):
            rows = platform.lake.run(
                query.sql({**usual_values(environment), **period.parameters()}, settings)
            )
    except (NotDeployedError, AthenaError) as error:
        say_no(str(error))
    if as_json:
        print(json.dumps(rows.as_dicts(), ensure_ascii=False, indent=1))
    elif as_csv:
        print(_csv(rows), end="")
    else:
        _show(rows, f"{query.title}, {period}")


def only_environment(root: Path) -> str:
    """The project's environment when it has just one. Ends with 2 when it has several, or none."""
    names = sorted(path.parent.name for path in (root / "stacks").glob("*/platform.yaml"))
    if len(names) != 1:
        say_no(f"which environment? {'There are: ' + ', '.join(names) if names else 'stacks/ has none'}", 2)
    return names[0]


def platform_of(root: Path, environment: "Environment", local: bool) -> "Platform":
    """The platform to ask. Raises NotDeployedError."""
    from corral.audit.deployed import account_platform, local_platform

    return local_platform(root, environment.platform.environment) if local else account_platform(environment)


def _list(as_json: bool) -> None:
    from corral.audit.library import queries

    if as_json:
        listed = [
            {
                "name": query.name,
                "title": query.title,
                "answers": query.answers,
                "parameters": {p.name: {"default": p.default, "help": p.help} for p in query.parameters},
            }
            for query in queries().values()
        ]
        print(json.dumps(listed, indent=1))
        return
    for query in queries().values():
        console.print(f"[bold]{query.name}[/bold]", highlight=False)
        console.print(f"    {query.answers}", highlight=False, markup=False)
        for parameter in query.parameters:
            shown = "" if parameter.default is None else f"={parameter.default}"
            console.print(
                f"    --set {parameter.name}{shown}  {parameter.help}", highlight=False, markup=False
            )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[a-z][a-z_]*", key):
        say_no(f"--set {text}: give KEY=VALUE, such as --set agent=support/helpdesk", 2)
    return key, value


def _csv(rows: "Rows") -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows.columns)
    writer.writerows([_guarded(value) for value in row] for row in rows.values)
    return out.getvalue()


def _guarded(value: object) -> object:
    """A text as a spreadsheet shows it and does not calculate it: records hold what a model or a person wrote."""
    return (
        f"'{value}"
        if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
        else value
    )


def _show(rows: "Rows", title: str) -> None:
    from rich.markup import escape
    from rich.table import Table

    if not rows.values:
        console.print(f"{title}: nothing", highlight=False, markup=False)
        return
    if not sys.stdout.isatty():
        console.width = 10_000  # nothing is cut that a file or a pipe is to have
    # A column in which nothing stands would only take room.
    places = [
        place for place in range(len(rows.columns)) if any(row[place] is not None for row in rows.values)
    ]
    table = Table(title=escape(title), title_justify="left", box=None, pad_edge=False)
    for place in places:
        numbers = all(isinstance(row[place], int | float | None) for row in rows.values)
        table.add_column(rows.columns[place], justify="right" if numbers else "left", overflow="fold")
    for row in rows.values:
        table.add_row(*("" if row[place] is None else escape(_printable(row[place])) for place in places))
    console.print(table)
    console.print(f"{len(rows.values)} row{'s' * (len(rows.values) != 1)}", highlight=False)


def _printable(value: object) -> str:
    """A value without what a terminal would act on."""
    return "".join(character if character.isprintable() else " " for character in str(value))
