"""What a report is made of, and what of it a person looks at first."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Literal

from corral.audit.access import Row
from corral.audit.control import Finding, Standard, Status
from corral.audit.facts import Asked, Facts
from corral.audit.period import Period
from corral.audit.report.agents import DeployedAgent, agents
from corral.audit.report.records import Records
from corral.spec.platform import Waiver
from corral.spec.rights import STAGES

STATUSES: tuple[Status, ...] = ("fails", "not known", "waived", "holds", "does not apply")
SOON_DAYS = 30  # a waiver that ends within so many days is told of

Weight = Literal["wrong", "unknown", "soon"]
_NOT_ASKED: Mapping[Asked, tuple[str, str]] = {
    "resources": ("Which resources are deployed is not known", "#controls"),
    "matrix": ("Who reaches what is not known", "#access"),
    "verification": ("Whether the records are whole is not known", "#records"),
}


@dataclass(frozen=True)
class Point:
    """Something to look at, and where."""

    weight: Weight
    text: str
    link: str
    why: str = ""


@dataclass(frozen=True)
class Open:
    """A waiver, with the days it has left; fewer than none when it has expired."""

    waiver: Waiver
    days: int


@dataclass(frozen=True)
class Report:
    """All that the pages say. `arguments` are those of commands that ask for the same period."""

    facts: Facts
    findings: tuple[Finding, ...]
    records: Records
    period: Period
    made: datetime
    version: str
    local: bool
    arguments: str
    validate_logs: str | None

    @property
    def environment(self) -> str:
        """The environment's name."""
        return self.facts.environment.platform.environment

    @cached_property
    def counts(self) -> dict[Status, int]:
        """How many controls have each status."""
        found = Counter(finding.status for finding in self.findings)
        return {status: found[status] for status in STATUSES}

    @cached_property
    def ordered(self) -> list[Finding]:
        """The findings, what does not hold before what does."""
        return sorted(self.findings, key=lambda finding: STATUSES.index(finding.status))

    @cached_property
    def agents(self) -> list[DeployedAgent]:
        """The agents, each with its calls in the period."""
        calls = {(str(row["team"]), str(row["agent"])): row for row in self.records["by-agent"].rows}
        return agents(self.facts, calls)

    @cached_property
    def paths(self) -> list[Row]:
        """The paths of access, what nothing grants before what is granted."""
        matrix = self.facts.matrix
        if matrix is None:
            return []
        return [*matrix.of("extra"), *matrix.of("missing"), *matrix.of("granted")]

    @property
    def statuses(self) -> list[Status]:
        """The statuses that a control has here."""
        return [status for status in STATUSES if self.counts[status]]

    @property
    def standards(self) -> list[Standard]:
        """The standards that ask for what was looked at, in the catalogue's order."""
        return list(dict.fromkeys(each for finding in self.findings for each in finding.control.sources))

    @property
    def stages(self) -> list[str]:
        """The stages that agents are at, in order."""
        there = {agent.value("stage") for agent in self.agents}
        return [stage for stage in STAGES if stage in there]

    @property
    def has_alarms(self) -> bool:
        """Whether any agent's stack exports alarms."""
        return any(agent.alarms for agent in self.agents)

    @property
    def is_whole(self) -> bool | None:
        """Whether each allowed call is on record twice and the trail is as deployed; None when it is not known."""
        found = self.facts.verification
        if found is None or any(check.now == "not known" for check in found.checks):
            return None if found is None or not found.matching.gaps else False
        return found.is_whole

    @property
    def verdict(self) -> str:
        """What was found of the controls, in one sentence."""
        counts = self.counts
        judged = len(self.findings) - counts["does not apply"]
        if counts["fails"]:
            return f"{counts['fails']} of {counted(judged, 'control')} fail{'s' * (counts['fails'] == 1)}."
        if counts["not known"]:
            return f"No control is known to fail; of {counts['not known']} it could not be told."
        if counts["waived"]:
            return f"{counts['holds']} of {counted(judged, 'control')} hold, {counts['waived']} waived."
        return f"All {counted(judged, 'control')} that apply hold."

    @cached_property
    def waivers(self) -> list[Open]:
        """The waivers, by the day they end."""
        today = self.made.date()
        return sorted(
            (Open(each, _left(each, today)) for each in self.facts.environment.platform.waivers),
            key=lambda each: each.days,
        )

    @cached_property
    def points(self) -> list[Point]:
        """What needs a look: what is wrong first, then what is not known, then what ends soon."""
        found = [*self._controls(), *self._access(), *self._whole(), *self._unknown(), *self._soon()]
        weights: tuple[Weight, ...] = ("wrong", "unknown", "soon")
        return sorted(found, key=lambda point: weights.index(point.weight))

    def _controls(self) -> Iterator[Point]:
        for finding in self.findings:
            if finding.status == "fails":
                first, *others = finding.problems
                more = f", and {counted(len(others), 'more problem')}" if others else ""
                yield Point(
                    "wrong",
                    f"Control {finding.control.id} fails",
                    f"#control-{finding.control.id}",
                    f"{first}{more}",
                )

    def _access(self) -> Iterator[Point]:
        if self.facts.matrix is None:
            return
        extra, missing = self.facts.matrix.of("extra"), self.facts.matrix.of("missing")
        if extra:
            first = extra[0]
            why = f"The first: {first.principal} can {first.action} {first.resource}, opened by {first.opened_by}"
            yield Point("wrong", f"{counted(len(extra), 'path')} that nothing grants", "#paths", why)
        if missing:
            first = missing[0]
            why = f"The first: {first.principal} is to {first.action} {first.resource}"
            yield Point("wrong", f"{counted(len(missing), 'path')} granted and not there", "#paths", why)

    def _whole(self) -> Iterator[Point]:
        found = self.facts.verification
        if found is None:
            return
        if gaps := found.matching.gaps:
            kinds = Counter(gap.kind for gap in gaps)
            why = ", ".join(f"{count} with {kind}" for kind, count in sorted(kinds.items()))
            yield Point("wrong", f"{counted(len(gaps), 'gap')} in the records", "#records", why)
        for check in found.checks:
            if check.problems:
                weight: Weight = "unknown" if check.now == "not known" else "wrong"
                yield Point(weight, f"Check of {check.name}", "#records", "; ".join(check.problems))

    def _unknown(self) -> Iterator[Point]:
        for what, why in self.facts.not_asked.items():
            text, link = _NOT_ASKED[what]
            yield Point("unknown", text, link, why)
        if missing := self._not_read():
            yield Point("unknown", f"Stacks that were not read: {', '.join(missing)}", "#agents")
        if self.counts["not known"]:
            names = ", ".join(f.control.id for f in self.findings if f.status == "not known")
            text = f"{counted(self.counts['not known'], 'control')} could not be assessed"
            yield Point("unknown", text, "#controls", names)
        if problems := self.records.problems:
            first = next(iter(problems.values()))
            text = f"{counted(len(problems), 'question')} to the records got no answer"
            yield Point("unknown", text, "#activity", first)

    def _not_read(self) -> list[str]:
        wanted = (f"{self.environment}.{team}" for team in self.facts.environment.teams)
        return [stack for stack in wanted if stack not in self.facts.outputs]

    def _soon(self) -> Iterator[Point]:
        for each in self.waivers:
            if each.days <= SOON_DAYS:
                text = f"The waiver of {each.waiver.control} {ends(each.days)}"
                yield Point("wrong" if each.days < 0 else "soon", text, "#waivers", each.waiver.reason)


def _left(waiver: Waiver, today: date) -> int:
    return (waiver.expires - today).days


def ends(days: int) -> str:
    """`ends in 12 days`, `ended 3 days ago`."""
    if days < 0:
        return f"ended {counted(-days, 'day')} ago"
    return "ends today" if days == 0 else f"ends in {counted(days, 'day')}"


def counted(number: int, what: str) -> str:
    """`1 path`, `1,204 paths`."""
    return f"{number:,} {what}{'s' * (number != 1)}"
