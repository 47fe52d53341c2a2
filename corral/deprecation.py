"""Marks the registry records of retired agents as deprecated: a status that no stack can set.

AWS knows it by an operation of its own only, and it is for good: a deprecated record is not found by searching and
takes no further change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from corral.spec.team import Team

SERVICE = "agent-registry-control"
DEPRECATED = "DEPRECATED"
_MAX_REASON = 255  # characters that AWS keeps


@dataclass
class Deprecation:
    """What came of it: the agents whose records were marked just now, and what went wrong with others."""

    marked: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def deprecate(control: Any, team: Team, records: Mapping[str, str | None]) -> Deprecation:
    """Mark the record of each retired agent of a team, unless it is marked already.

    `control` is a client of the registry's control plane, `records` has their ARNs, as the team's stack tells them.
    """
    done = Deprecation()
    for retired in team.retired:
        agent = f"{team.team}/{retired.name}"
        arn = records.get(retired.name)
        if arn is None:
            done.problems.append(f"{agent}: its stack tells of no registry record")
            continue
        try:
            if _mark(control, arn, f"Retired on {retired.since}: {retired.reason}"):
                done.marked.append(agent)
        except (ClientError, BotoCoreError) as error:
            done.problems.append(
                f"{agent}: its registry record could not be marked deprecated: {error} "
                "(all else is done; the same command tries this again)"
            )
    return done


def _mark(control: Any, arn: str, reason: str) -> bool:
    """Mark one record; False if it was so before. `arn` is .../registry/ID/record/ID."""
    _, registry, _, record = arn.split("/")
    where = {"registryId": registry, "recordId": record}
    if control.get_registry_record(**where)["status"] == DEPRECATED:
        return False
    control.update_registry_record_status(**where, status=DEPRECATED, statusReason=reason[:_MAX_REASON])
    return True
