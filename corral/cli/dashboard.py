"""corral dashboard: a deployed dashboard with its data, as one HTML page."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from corral.cli.audit_query import LocalOption
from corral.cli.project import ProjectOption, console, environment_of, find_project, say_no
from corral.spec.errors import suggestion


def command(
    env: Annotated[str, typer.Argument(metavar="ENV", help="The environment, such as dev.")],
    team: Annotated[str | None, typer.Argument(metavar="[TEAM]", help="Default: the platform's.")] = None,
    since: Annotated[
        str, typer.Option("--since", help="2026-11-01, 2026-11-01T08:30 (UTC), or 7d, 12h, 30m ago.")
    ] = "7d",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Default: its name and .html, here.")
    ] = None,
    local: LocalOption = False,
    project: ProjectOption = None,
) -> None:
    """Write a dashboard as a page: of the platform, or of a team. In the AWS console it is under CloudWatch."""
    from botocore.exceptions import BotoCoreError, ClientError

    from corral.audit.deployed import NotDeployedError, session_of
    from corral.audit.period import Period, PeriodError
    from corral.dashboard.page import PageError, page
    from corral.dashboard.read import NoDashboardError, read
    from corral.spec.names import dashboard_name

    root = find_project(project)
    environment = environment_of(root, env)
    if team is not None and team not in environment.teams:
        known = sorted(environment.teams)
        say_no(f"{env} has no team {team}. Its teams: {', '.join(known)}.{suggestion(team, known)}", 2)
    name = dashboard_name(environment.platform.environment, team)
    path = out or Path(f"{name}.html")
    try:
        period = Period.read(since, None, datetime.now(UTC))
        cloudwatch = session_of(root, environment, local).client("cloudwatch")
        shown = read(cloudwatch, name, period.since, period.until)
        path.write_text(page(root, name, shown, period.since, period.until), encoding="utf-8")
    except PeriodError as error:
        say_no(str(error), 2)
    except NoDashboardError:
        say_no(f"there is no dashboard {name}: {env if team is None else f'{env}.{team}'} is not deployed")
    except (NotDeployedError, PageError) as error:
        say_no(str(error))
    except (BotoCoreError, ClientError) as error:
        say_no(f"the dashboard cannot be read: {error}")
    except OSError as error:
        say_no(f"{path} cannot be written: {error.strerror or error}")
    console.print(f"wrote [green]{escape(str(path))}[/green]", highlight=False)
