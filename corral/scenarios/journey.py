"""A journey: one scenario as it was played, and what of it was not as expected."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal

from corral.front_door import Answer
from corral.spec.scenario import Scenario, Stop

Outcome = Literal["as expected", "not as expected", "not played"]
# The front door's stop_reason for each; any other is the model's own end.
_STOPPED: dict[str, Stop] = {
    "max_iterations_exceeded": "iterations",
    "max_output_tokens_exceeded": "output-tokens",
    "max_tokens": "output-tokens",
    "timeout_exceeded": "time",
    "hook_stopped": "supervisor",
}


@dataclass(frozen=True)
class Step:
    """One tool call of a journey. `answered` and `logged` are what the tool said, where that is known."""

    tool: str
    decision: str
    reason: str | None
    arguments: dict[str, Any] | None = None
    answered: str | None = None
    logged: str | None = None


@dataclass(frozen=True)
class Journey:
    """One scenario as it went. `problems` says what was not as expected, `not_played` why it was left out."""

    team: str
    agent: str
    scenario: Scenario
    answer: Answer | None
    problems: tuple[str, ...]
    seconds: float = 0.0
    steps: tuple[Step, ...] = ()
    not_played: str = ""

    @property
    def who(self) -> str:
        """The agent, as commands take it."""
        return f"{self.team}/{self.agent}"

    @property
    def outcome(self) -> Outcome:
        """What came of it."""
        if self.not_played:
            return "not played"
        return "not as expected" if self.problems else "as expected"


def check(answer: Answer, scenario: Scenario) -> Iterator[str]:
    """What of an answer is not as a scenario expects, in words."""
    expect = scenario.expect
    made = [(call.tool, call.decision) for call in answer.tool_calls]
    wanted = [(call.tool, call.decision) for call in expect.calls]
    if not _as_wanted(made, wanted, _repeated(scenario)):
        yield f"tool calls were {words(made)}, expected {words(wanted)}"
    if answer.blocked != expect.blocked:
        yield f"blocked at {answer.blocked or 'nothing'}, expected {expect.blocked or 'nothing'}"
    stopped = _STOPPED.get(answer.stop_reason)
    if stopped != expect.stopped:
        yield f"stopped by {stopped or 'nothing'}, expected {expect.stopped or 'nothing'}"
    said = answer.answer.lower()
    yield from (
        f'the answer does not contain "{text}"' for text in expect.answer_contains if text.lower() not in said
    )
    yield from (f'the answer contains "{text}"' for text in expect.answer_lacks if text.lower() in said)


def runs(calls: Sequence[tuple[str, str]]) -> list[tuple[tuple[str, str], int]]:
    """Tool calls with their decisions; equal ones in a row once, with their number."""
    return [(call, len(list(group))) for call, group in groupby(calls)]


def words(calls: Sequence[tuple[str, str]]) -> str:
    """Tool calls with their decisions as one text."""
    said = [
        f"{tool} {decision}" + (f" ({times} times)" if times > 1 else "")
        for (tool, decision), times in runs(calls)
    ]
    return ", ".join(said) or "none"


def _repeated(scenario: Scenario) -> int | None:
    """Which of the expected calls stands for all that are made of it."""
    calls = [turn for turn in scenario.model if turn.tool is not None]
    return next((index for index, turn in enumerate(calls) if turn.repeat), None)


def _as_wanted(
    made: Sequence[tuple[str, str]], wanted: Sequence[tuple[str, str]], repeated: int | None
) -> bool:
    if repeated is None or repeated >= len(wanted):
        return list(made) == list(wanted)
    again = made[repeated:]
    return (
        list(made[:repeated]) == list(wanted[:repeated])
        and len(again) > 0
        and all(call == wanted[repeated] for call in again)
    )


def as_json(journey: Journey) -> dict[str, Any]:
    """A journey for scripts."""
    return {
        "team": journey.team,
        "agent": journey.agent,
        "scenario": journey.scenario.name,
        "title": journey.scenario.title,
        "case": journey.scenario.case,
        "outcome": journey.outcome,
        "not_played": journey.not_played or None,
        "seconds": round(journey.seconds, 3),
        "user": journey.scenario.user,
        "steps": [asdict(step) for step in journey.steps],
        "answer": None if journey.answer is None else asdict(journey.answer),
        "problems": list(journey.problems),
    }
