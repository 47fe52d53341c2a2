"""Matches what the supervisor allowed with what reached the gateway: one record each, or a gap.

CloudTrail does not know which of the model's calls a gateway call is: its record has the role, the tool and the
second. A decision knows the agent, the tool, when the supervisor allowed it and when the harness told of its end. So a
gateway record belongs to a decision when

- its role is the role of the decision's agent, and its tool the decision's tool;
- its second lies from the decision's to the end's, or, of a call whose end is not on record, within `OPEN_SECONDS`;
- where the role's session name tells a session, as `BedrockAgentCore-<session>` does, it is the decision's.

Each record is used once, by the call that has to end first. Which of two calls of the same agent and tool at the same
time a record is of cannot be told, and does not matter: their number must be right.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from corral.spec.names import agent_role_name

OPEN_SECONDS = 900  # a tool may run for so long: the most a function has
_SKEW_SECONDS = 2  # the clocks of the supervisor and of CloudTrail are not the same
_SESSION = "BedrockAgentCore-"
_SESSION_NAME_LENGTH = 64  # IAM's limit, to which a longer one is cut
# What is read of the queries who-called-what and gateway-calls.
OF_DECISIONS = (
    "asked_at, ended_at, environment, team, agent, harness_arn, session_id, tool, decision, record_id"
)
OF_CALLS = "called_at, role, caller, tool, error_code, event_id"
# The gateway did not do what was asked: a try that the trail and the supervisor need not both know of.
_REFUSED = ("AccessDenied", "Throttling")

Kind = Literal["no gateway record", "no decision record"]


class Allowed(
    NamedTuple
):  # of which there may be a million, and which a data class takes twice as long to make
    """A tool call that the supervisor allowed."""

    at: datetime
    ended: datetime | None
    role: str
    agent: str
    session: str
    tool: str
    record_id: str


class Called(NamedTuple):
    """A tool call that reached the gateway. `session_name` is the role session's."""

    at: datetime
    role: str
    session_name: str
    tool: str
    error: str
    record_id: str

    @property
    def is_refused(self) -> bool:
        """Whether the gateway turned it down, so that no tool ran."""
        return self.error.startswith(_REFUSED)


@dataclass(frozen=True)
class Gap:
    """A record without its counterpart. `record_id` is the decision's id or CloudTrail's eventID."""

    kind: Kind
    at: str
    caller: str
    session: str
    tool: str
    record_id: str

    def as_dict(self) -> dict[str, str]:
        """Return it for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Matching:
    """What came of it: how many pairs, what was refused at the gateway without a decision, and the gaps."""

    matched: int
    refused: int
    gaps: list[Gap]


def allowed(rows: Iterable[Mapping[str, Any]]) -> list[Allowed]:
    """Read rows of the query `who-called-what`, those that were allowed."""
    return [
        Allowed(
            _moment(row["asked_at"]),
            _moment(row["ended_at"]) if row["ended_at"] else None,
            _role_of(row),
            f"{row['team']}/{row['agent']}",
            row["session_id"] or "",
            row["tool"] or "",
            row["record_id"],
        )
        for row in rows
        if row["decision"] == "allow"
    ]


def called(rows: Iterable[Mapping[str, Any]]) -> list[Called]:
    """Read rows of the query `gateway-calls`."""
    return [
        Called(
            _moment(row["called_at"]),
            row["role"] or "",
            (row["caller"] or "").rpartition("/")[2],
            _tool(row["tool"] or ""),
            row["error_code"] or "",
            row["event_id"],
        )
        for row in rows
    ]


def match(decisions: Iterable[Allowed], calls: Iterable[Called]) -> Matching:
    """Pair them off. Calls that ran come first, so that a refused one takes nobody's place."""
    open_decisions: dict[tuple[str, str], list[Allowed]] = defaultdict(list)
    for decision in decisions:
        open_decisions[decision.role, decision.tool].append(decision)
    groups: dict[tuple[str, str], list[Called]] = defaultdict(list)
    for call in calls:
        groups[call.role, call.tool].append(call)
    matched = refused = 0
    gaps: list[Gap] = []
    for key in open_decisions.keys() | groups.keys():
        waiting = open_decisions.get(key, [])
        ran = [call for call in groups.get(key, []) if not call.is_refused]
        turned_down = [call for call in groups.get(key, []) if call.is_refused]
        count, waiting, unknown = _paired(waiting, ran)
        tried, waiting, untold = _paired(waiting, turned_down)
        matched += count + tried
        refused += len(untold)
        gaps += [_without_call(decision) for decision in waiting]
        gaps += [_without_decision(call) for call in unknown]
    return Matching(matched, refused, sorted(gaps, key=lambda gap: (gap.at, gap.record_id)))


def _paired(decisions: list[Allowed], calls: list[Called]) -> tuple[int, list[Allowed], list[Called]]:
    """Pair one agent's calls of one tool; returns how many, and what is left of either side.

    Calls in order of time each take the decision, of those they fit, that ends first: no other way pairs more.
    """
    by_session: dict[str, list[Called]] = defaultdict(list)
    for call in calls:
        by_session[_session_of(call)].append(call)
    decided: dict[str, list[Allowed]] = defaultdict(list)
    for decision in decisions:
        decided[_cut(decision.session)].append(decision)
    taken: set[int] = set()
    left_calls: list[Called] = []
    # Those that tell no session come last, and take what the others have left.
    for session, of_session in sorted(by_session.items(), reverse=True):
        fitting = decided[session] if session else [each for each in decisions if id(each) not in taken]
        newly, unknown = _swept(fitting, of_session)
        taken |= newly
        left_calls += unknown
    return len(taken), [each for each in decisions if id(each) not in taken], left_calls


def _swept(decisions: list[Allowed], calls: list[Called]) -> tuple[set[int], list[Called]]:
    """Go through both in order of time. Returns the decisions that got a call, by identity, and calls that got none."""
    if len(decisions) == len(calls) == 1:  # as nearly always, told apart by their sessions
        [decision], [call] = decisions, calls
        fits = _from(decision) <= call.at <= _to(decision)
        return ({id(decision)}, []) if fits else (set(), [call])
    upcoming = sorted(decisions, key=_from, reverse=True)
    current: list[tuple[datetime, int, Allowed]] = []
    taken: set[int] = set()
    unknown = []
    for call in sorted(calls, key=lambda call: call.at):
        while upcoming and _from(upcoming[-1]) <= call.at:
            decision = upcoming.pop()
            heapq.heappush(current, (_to(decision), id(decision), decision))
        while current and current[0][0] < call.at:
            heapq.heappop(current)
        if current:
            taken.add(heapq.heappop(current)[1])
        else:
            unknown.append(call)
    return taken, unknown


def _from(decision: Allowed) -> datetime:
    return decision.at.replace(microsecond=0) - timedelta(seconds=_SKEW_SECONDS)


def _to(decision: Allowed) -> datetime:
    last = decision.ended or decision.at + timedelta(seconds=OPEN_SECONDS)
    return last + timedelta(seconds=_SKEW_SECONDS)


def _session_of(call: Called) -> str:
    """What a call's role session name tells of the session, cut as IAM cuts it; nothing where it tells none."""
    return call.session_name.removeprefix(_SESSION) if call.session_name.startswith(_SESSION) else ""


def _cut(session: str) -> str:
    return session[: _SESSION_NAME_LENGTH - len(_SESSION)]


def _role_of(row: Mapping[str, Any]) -> str:
    """The role of a decision's agent. Both names keep the agent's first one, which the harness's ARN tells.

    `.../harness/dev_support_helpdesk-Ab12` is the harness of `corral-dev-agent-support-helpdesk`.
    """
    environment, team = row["environment"] or "", row["team"] or ""
    harness = str(row["harness_arn"]).rpartition("/")[2].rpartition("-")[0]
    first = harness.removeprefix(f"{environment}_{team}_".replace("-", "_")).replace("_", "-")
    return agent_role_name(environment, team, first)


def _tool(spelled: str) -> str:
    """The catalogue's name of a tool, which the gateway spells twice: target, then tool."""
    target, _, tool = spelled.rpartition("___")
    return tool if target == tool else spelled


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _without_call(decision: Allowed) -> Gap:
    at = decision.at.isoformat(timespec="milliseconds")
    return Gap("no gateway record", at, decision.agent, decision.session, decision.tool, decision.record_id)


def _without_decision(call: Called) -> Gap:
    session = _session_of(call) or call.session_name
    return Gap(
        "no decision record",
        call.at.isoformat(timespec="milliseconds"),
        call.role,
        session,
        call.tool,
        call.record_id,
    )
