"""corral new domain: a governed data domain with a first document, or with tables."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from corral.cli.new_agent import EnvironmentArgument, JsonOption, YesOption, one_environment
from corral.cli.project import ProjectOption, environment_of, find_project, say_no


def command(
    name: Annotated[str | None, typer.Argument(help="The domain's name.")] = None,
    env: EnvironmentArgument = None,
    owner: Annotated[
        str | None, typer.Option(metavar='"NAME <EMAIL>"', help="Who answers for the data.")
    ] = None,
    classification: Annotated[
        str | None, typer.Option(help="public, internal, confidential or restricted.")
    ] = None,
    about: Annotated[str | None, typer.Option(help="What its documents tell, in a sentence.")] = None,
    readers: Annotated[
        str | None, typer.Option(metavar="TEAM,TEAM", help="The teams whose agents may read it.")
    ] = None,
    table: Annotated[
        list[Path] | None, typer.Option(metavar="CSV", help="Tables instead of documents; repeat for more.")
    ] = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Write a data domain's file, with a folder and a first document, or with the columns of its tables.

    A CSV file outside the environment's folder is copied there.
    """
    from corral.cli.ask import Asker, sure
    from corral.cli.changes import checked, prepared, put_down
    from corral.scaffold import answers
    from corral.scaffold.domain import NewDomain, add_domain
    from corral.scaffold.tables import TableError
    from corral.spec.domain import Domain
    from corral.spec.names import DomainName

    root = find_project(project)
    environment = environment_of(root, one_environment(root, env))
    asker = Asker(as_json)
    kinds = get_args(Domain.model_fields["classification"].annotation)
    check = answers.of_model(DomainName, "a name", environment.domains)
    name = asker.value("NAME", name, check, "Name of the domain")
    tells = (
        ""
        if table
        else asker.value("--about", about, answers.short_text(300, 10), "What do its documents tell")
    )
    owned = asker.value("--owner", owner, answers.owner, "Owner, as in Docs <docs@example.com>")
    kind = asker.choice(
        "--classification",
        classification,
        answers.one_of("classification", kinds),
        "Classification",
        [(option, "") for option in kinds],
    )
    teams = answers.some(answers.several_of("team", environment.teams))
    about = f"Teams: {', '.join(environment.teams)}"
    reading = asker.value("--readers", readers, teams, "Readers, teams with commas between", None, about)
    asker.settle()
    domain = NewDomain(sure(name), sure(owned), sure(kind), sure(reading), table or (), sure(tells))
    try:
        changes = prepared(lambda: add_domain(environment, domain), f"domains/{name}.yaml")
    except TableError as error:
        say_no(str(error))
    checked(root, environment.folder, changes, as_json)
    after = f"corral new agent {environment.folder.name} --team {sure(reading)[0]}"
    put_down(root, changes, after, yes, as_json)
