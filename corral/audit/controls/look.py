"""A look at one side of a control: what was there, what of it does not hold."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from corral.audit.control import Evidence
from corral.audit.facts import DeployedResource, Facts
from policies import RULES

_RULES = {rule.id: rule for rule in RULES}
_RECORDS = "#records"  # anchors of the report
_ACCESS = "#access"


@dataclass(frozen=True)
class Seen:
    """What one look found.

    `known` is False when it could not be asked, `applies` is False when nothing is deployed that it is about.
    """

    evidence: tuple[Evidence, ...] = ()
    problems: tuple[str, ...] = ()
    known: bool = True
    applies: bool = True


@dataclass(frozen=True)
class Look:
    """Something to look at. `rules` are the rules of the policy pack that it asks."""

    see: Callable[[Facts], Seen]
    rules: tuple[str, ...] = ()


def not_known(why: str) -> Seen:
    """Return that it could not be asked, and why."""
    return Seen((Evidence(f"not known: {why}"),), known=False)


def nothing(what: str) -> Seen:
    """Return that there is nothing to look at."""
    return Seen((Evidence(what),), applies=False)


def rule(name: str, what: str, said: str, *, needed: bool = True) -> Look:
    """Look at each resource that a rule of the policy pack is about, as `pulumi up` does before it makes one.

    `what` is one of them in a word, `said` what each that passes is. Without `needed` there may be none.
    """
    found = _RULES[name]

    def see(facts: Facts) -> Seen:
        if not facts.resources:
            return not_known(facts.not_asked.get("resources", "which resources are deployed was not asked"))
        looked = [each for each in facts.resources if each.type in found.types]
        if not looked:
            missing = f"no {what.partition('|')[0]} is deployed"
            return Seen(problems=(missing,)) if needed else nothing(missing)
        problems = [f"{named(each)}: {message}" for each in looked for message in found.check(each.inputs)]
        each = "each " if len(looked) > 1 else ""
        text = (
            f"{counted(looked, what)}, {each}{said}" if not problems else f"{counted(looked, what)} looked at"
        )
        return Seen((Evidence(text, found.link),), tuple(problems))

    return Look(see, (name,))


def check(name: str) -> Look:
    """Look at what `corral audit verify` found of one of the trail's settings, asked of AWS."""

    def see(facts: Facts) -> Seen:
        if facts.verification is None:
            return not_known(facts.not_asked.get("verification", "the records were not verified"))
        found = next(each for each in facts.verification.checks if each.name == name)
        if found.now == "not known":
            return not_known("; ".join(found.problems))
        return Seen((Evidence(f"{name}: {found.now}", _RECORDS),), tuple(found.problems))

    return Look(see)


def paths(said: str, is_meant: Callable[[str, str, str], bool]) -> Look:
    """Look at the access matrix: no path of those meant, by principal, action and resource, is beyond the grants."""

    def see(facts: Facts) -> Seen:
        if facts.matrix is None:
            return not_known(facts.not_asked.get("matrix", "who reaches what was not asked"))
        rows = [row for row in facts.matrix.rows if is_meant(row.principal, row.action, row.resource)]
        extra = [row for row in rows if row.standing == "extra"]
        granted = sum(1 for row in rows if row.standing == "granted")
        problems = tuple(
            f"{row.principal} can {row.action} {row.resource}, which nothing grants ({row.opened_by})"
            for row in extra
        )
        return Seen(
            (Evidence(f"{said}: {granted} as granted, {len(extra)} beyond the grants", _ACCESS),), problems
        )

    return Look(see)


def counted(things: Iterable[object], what: str) -> str:
    """Count: `1 role`, `28 roles`. A word that does not take an s is given as `policy|policies`."""
    number = sum(1 for _ in things)
    one, _, many = what.partition("|")
    return f"1 {one}" if number == 1 else f"{number} {many or one + 's'}"


def named(resource: DeployedResource) -> str:
    """A resource as a person looks it up: `dev: Role dev-supervisor-role`."""
    return f"{resource.stack}: {resource.type.rpartition(':')[2]} {resource.name}"


def of_type(facts: Facts, *tokens: str) -> Iterator[DeployedResource]:
    """The deployed resources of some types."""
    return (each for each in facts.resources if each.type in tokens)
