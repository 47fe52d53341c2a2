"""Constraints of a tool that no call could satisfy: its permit would never allow anything."""

from corral.spec.document import Loaded
from corral.spec.errors import listed, show
from corral.spec.tool import Constraint, Tool

# Characters of all one_of together. They stand in each agent's policy, which has room for one tool's at least.
MAX_CHOICES = 6_000


def check_satisfiable(loaded: Loaded[Tool], tool: Tool) -> None:
    """Report what would make a permit of this tool one that never allows, or one that Cedar does not take."""
    if tool.domain_argument is not None and tool.domain_argument == tool.team_argument:
        loaded.error(
            ("team_argument",),
            f"team_argument: {show(tool.team_argument)} is the domain_argument too",
            "No value is both a data domain and a team, so that no call could be allowed.",
        )
    for index, constraint in enumerate(tool.constraints):
        if constraint.argument in (tool.domain_argument, tool.team_argument):
            loaded.error(
                ("constraints", index, "argument"),
                f"constraints[{index}].argument: {show(constraint.argument)} is bound by each grant",
                "A constraint could only shut agents out. Remove it.",
            )
            continue
        _check_together(loaded, tool, index)
    _check_length(loaded, tool)


def _check_together(loaded: Loaded[Tool], tool: Tool, index: int) -> None:
    """A constraint against itself and those of the same argument before it."""
    constraint = tool.constraints[index]
    before = [each for each in tool.constraints[:index] if each.argument == constraint.argument]
    if _contradict(before):
        return  # has been told
    if (values := _contradict([*before, constraint])) is not None:
        loaded.error(
            ("constraints", index, "argument"),
            f"constraints[{index}]: {constraint.argument} would have to be {values}",
            "No call could be allowed. Change one of them.",
        )


def _contradict(constraints: list[Constraint]) -> str | None:
    """What is asked of one argument, if nothing can be that."""
    lows = [c.at_least for c in constraints if c.at_least is not None]
    highs = [c.at_most for c in constraints if c.at_most is not None]
    if lows and highs and max(lows) > min(highs):
        return f"at least {max(lows)} and at most {min(highs)}"
    choices = [c.one_of for c in constraints if c.one_of is not None]
    if choices and not set(choices[0]).intersection(*choices[1:]):
        return " and ".join(f"one of {listed(each)}" for each in choices)
    return None


def _check_length(loaded: Loaded[Tool], tool: Tool) -> None:
    length = 0
    for index, constraint in enumerate(tool.constraints):
        # As Cedar text, in quotes, and with those within escaped.
        length += sum(len(c) + c.count('"') + c.count("\\") + len('"", ') for c in constraint.one_of or ())
        if length > MAX_CHOICES:
            loaded.error(
                ("constraints", index, "one_of"),
                f"constraints[{index}].one_of: the choices of all constraints have {length} characters",
                f"Allowed: at most {MAX_CHOICES}, for a Cedar policy of AgentCore has 10,000.",
            )
            return
