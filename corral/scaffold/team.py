"""A new team: its file, and the configuration of its stack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from corral.scaffold.files import Change
from corral.scaffold.texts import new_file
from corral.spec.load import Environment


@dataclass(frozen=True)
class NewTeam:
    """What is known of a new team."""

    name: str
    owner: Mapping[str, str]
    cost_center: str
    monthly_budget_usd: float
    operators: Sequence[str]
    approvers: Sequence[str]


def add_team(environment: Environment, team: NewTeam) -> list[Change]:
    """The team's files. Raises CannotWriteError."""
    root, platform = environment.root, environment.platform
    budget = team.monthly_budget_usd
    values = {
        "team": team.name,
        "owner": team.owner,
        "cost": {
            "center": team.cost_center,
            "monthly_budget_usd": int(budget) if float(budget).is_integer() else budget,
        },
        "operators": list(team.operators),
        "approvers": list(team.approvers),
    }
    path = environment.folder / "teams" / f"{team.name}.yaml"
    changes = [new_file(root, path, "team.yaml.j2", values)]
    stacks = environment.folder.parent
    if (stacks / f"Pulumi.{platform.environment}.yaml").is_file():
        stack = {
            "team": team.name,
            "environment": platform.environment,
            "region": platform.region,
            "account": platform.account,
        }
        path = stacks / f"Pulumi.{platform.environment}.{team.name}.yaml"
        changes.append(new_file(root, path, "pulumi-team.yaml.j2", stack))
    return changes
