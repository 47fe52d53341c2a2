"""Who may decide on a team's held calls: people who can be told apart, and who do not deploy what they decide on."""

from collections.abc import Iterator, Mapping

from corral.spec.document import Loaded
from corral.spec.errors import show
from corral.spec.platform import Platform
from corral.spec.resolved import ResolvedAgent
from corral.spec.rights import session_name
from corral.spec.source import Location, dotted
from corral.spec.team import Team


def deciders(team: Team) -> list[str]:
    """Return the principals of a team's approver role: its approvers, then the delegates that its rules name."""
    return list(dict.fromkeys([*team.members.approvers, *(arn for _, arn in _delegates(team))]))


def decision_rights(
    team: Team, agents: Mapping[str, ResolvedAgent]
) -> dict[str, list[dict[str, str | int | list[str]]]]:
    """Return of each agent with calls that people decide its rules: which call, who may decide, how many must approve.

    `by` are ARNs; a rule's `delegate` may decide too, once half of `within_minutes` is over.
    """
    return {
        name: [
            {
                "tool": rule.tool,
                "when": rule.because if rule.conditions else "every call",
                "approvers": rule.approvers,
                "by": list(team.members.approvers),
                "within_minutes": rule.within_minutes,
                **({"delegate": rule.delegate} if rule.delegate is not None else {}),
            }
            for rule in agent.approval
        ]
        for name, agent in agents.items()
        if agent.approval
    }


def check_approvers(loaded: Loaded[Team], team: Team, platform: Platform) -> None:
    """Check a team's approvers and delegates against each other and against the platform's decision rights."""
    approvers: list[tuple[Location, str]] = [
        (("members", "approvers", index), arn) for index, arn in enumerate(team.members.approvers)
    ]
    delegates = list(_delegates(team))
    for place, arn in delegates:
        if arn in team.members.approvers:
            loaded.error(
                place,
                f"{dotted(place)}: {show(arn)} is an approver of the team already",
                "Name somebody who decides when the approvers do not, or leave the delegate out.",
            )
    named: dict[str, str] = {}
    for place, arn in [*approvers, *delegates]:
        other = named.setdefault(session_name(arn), arn)
        if other != arn:
            loaded.error(
                place,
                f"{dotted(place)}: {show(arn)} and {show(other)} would both decide as {session_name(arn)}",
                "Whoever decides must be told apart by the last part of the ARN.",
            )
        if (right := _deploys(platform, team.team, arn)) is not None:
            loaded.error(
                place,
                f"{dotted(place)}: {show(arn)} may deploy the team's agents by {dotted(right)}",
                "Nobody decides on the calls of an agent they deploy: take one of the two away.",
            )


def _delegates(team: Team) -> Iterator[tuple[Location, str]]:
    for number, agent in enumerate(team.agents):
        for index, approval in enumerate(agent.approval):
            if approval.delegate is not None:
                yield ("agents", number, "approval", index, "delegate"), approval.delegate


def _deploys(platform: Platform, team: str, arn: str) -> Location | None:
    """Where a platform file lets a principal deploy a team's agents; None if nowhere."""
    if platform.deploy is None:
        return None
    for index, right in enumerate(platform.deploy.rights):
        if arn in right.principals and (right.teams is None or team in right.teams):
            return ("deploy", "rights", index)
    return ("deploy", "override") if arn in platform.deploy.override else None
