"""The controls a platform is held to, and what is known of each on one that is deployed."""

from corral.audit.control import Finding, Status
from corral.audit.controls.catalogue import ASSESSED, Assessed
from corral.audit.controls.look import Seen
from corral.audit.facts import Facts
from corral.spec.platform import Waiver

CONTROLS = tuple(each.control for each in ASSESSED)


def assess(facts: Facts) -> list[Finding]:
    """Tell of each control whether it holds, in the catalogue's order."""
    waivers = {waiver.control: waiver for waiver in facts.environment.platform.waivers}
    return [_finding(each, facts, waivers.get(each.control.id)) for each in ASSESSED]


def _finding(assessed: Assessed, facts: Facts, waiver: Waiver | None) -> Finding:
    seen = [look.see(facts) for look in assessed.looks]
    status = _status(seen)
    if status == "fails" and waiver is not None:
        status = "waived"
    return Finding(
        control=assessed.control,
        status=status,
        evidence=tuple(dict.fromkeys(each for one in seen for each in one.evidence)),
        problems=tuple(dict.fromkeys(each for one in seen for each in one.problems)),
        waiver=waiver if status == "waived" else None,
    )


def _status(seen: list[Seen]) -> Status:
    """What does not hold is known to fail, whatever else could not be asked; what holds, only if all was."""
    if any(one.problems for one in seen):
        return "fails"
    if not all(one.known for one in seen):
        return "not known"
    return "holds" if any(one.applies for one in seen) else "does not apply"
