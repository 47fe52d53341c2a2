"""corral retire: an agent's lines go from the team's file, its name stays taken, its records stay."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from corral.cli.new_agent import JsonOption, YesOption
from corral.cli.project import ProjectOption, environment_of, find_project, resolved_agent


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    agent: Annotated[str, typer.Argument(metavar="TEAM/AGENT")],
    reason: Annotated[str | None, typer.Option(help="Why, in a sentence; it is kept.")] = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Take an agent out of its team's file and leave an entry, so that its name is not given again."""
    from corral.cli.ask import Asker, sure
    from corral.cli.changes import checked, prepared, put_down
    from corral.scaffold.agent import team_file
    from corral.scaffold.answers import short_text
    from corral.scaffold.retire import retire_agent
    from corral.spec.source import shown_path

    root = find_project(project)
    environment = environment_of(root, env)
    leaving = resolved_agent(environment, agent)
    asker = Asker(as_json)
    why = asker.value("--reason", reason, short_text(300, 3), "Why is it retired")
    asker.settle()
    today = datetime.now(UTC).date()
    path = shown_path(team_file(environment, leaving.team), root)
    change = prepared(lambda: retire_agent(environment, leaving, sure(why), today), path)
    checked(root, environment.folder, [change], as_json)
    then = (
        "Then nobody can call it any more, and its role, policy and harness are gone. Its audit data stays as long as "
        "all audit data does; its record in the registry is marked deprecated."
    )
    put_down(root, [change], f"corral up {env} --team {leaving.team}", yes, as_json, then=then)
