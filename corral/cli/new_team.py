"""corral new team: who they are, who pays, who may talk to its agents and decide for them."""

from typing import Annotated

import typer

from corral.cli.new_agent import EnvironmentArgument, JsonOption, YesOption, one_environment
from corral.cli.project import ProjectOption, environment_of, find_project


def command(
    name: Annotated[str | None, typer.Argument(help="The team's name.")] = None,
    env: EnvironmentArgument = None,
    owner: Annotated[str | None, typer.Option(metavar='"NAME <EMAIL>"', help="Who answers for it.")] = None,
    on_call: Annotated[str | None, typer.Option(metavar="EMAIL", help="Where alarms go.")] = None,
    cost_center: Annotated[str | None, typer.Option(help="Who pays.")] = None,
    budget: Annotated[str | None, typer.Option(metavar="USD", help="What it may spend a month.")] = None,
    operators: Annotated[
        str | None, typer.Option(metavar="ARN,ARN", help="IAM roles or users who talk to its agents.")
    ] = None,
    approvers: Annotated[
        str | None, typer.Option(metavar="ARN,ARN", help="Who decides on held tool calls. May be left out.")
    ] = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Write a team's file, and the configuration of its stack."""
    from corral.cli.ask import Asker, sure
    from corral.cli.changes import checked, prepared, put_down
    from corral.scaffold import answers
    from corral.scaffold.team import NewTeam, add_team
    from corral.spec.names import TeamName
    from corral.spec.platform import PrincipalArn

    root = find_project(project)
    environment = environment_of(root, one_environment(root, env))
    asker = Asker(as_json)
    taken = {*environment.teams, "platform"}
    arns = answers.several_of_model(PrincipalArn, "ARNs of IAM roles or users")
    name = asker.value("NAME", name, answers.of_model(TeamName, "a name", taken), "Name of the team")
    owned = asker.value("--owner", owner, answers.owner, "Owner, as in Support <support@example.com>")
    on_call = asker.value("--on-call", on_call, answers.email, "On-call address, where alarms go")
    center = asker.value("--cost-center", cost_center, answers.short_text(64), "Cost centre")
    usd = asker.value("--budget", budget, answers.money, "Monthly budget in US dollars")
    who = asker.value("--operators", operators, answers.some(arns), "Operators, ARNs with commas between")
    deciding = asker.value(
        "--approvers", approvers, arns, "Approvers, ARNs with commas between; may be empty", ""
    )
    asker.settle()
    team = NewTeam(
        name=sure(name),
        owner={**sure(owned), "on_call": sure(on_call)},
        cost_center=sure(center),
        monthly_budget_usd=sure(usd),
        operators=sure(who),
        approvers=sure(deciding),
    )
    changes = prepared(lambda: add_team(environment, team), f"teams/{name}.yaml")
    checked(root, environment.folder, changes, as_json)
    put_down(root, changes, f"corral new agent {environment.folder.name} --team {name}", yes, as_json)
