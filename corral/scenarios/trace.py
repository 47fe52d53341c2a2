"""A journey told line by line, for whoever has to find out why it did not go as expected."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby

from corral.scenarios.journey import Journey, Step, words
from corral.spec.scenario import Expectation

_WIDTH = 11  # of the names before the texts


def trace(journey: Journey) -> Iterator[str]:
    """Its message, each tool call with all that is known of it, its answer; what was expected and what came."""
    yield from _named("message", journey.scenario.user)
    answer = journey.answer
    calls = answer.tool_calls if answer else ()
    steps = journey.steps or [Step(call.tool, call.decision, call.reason) for call in calls]
    number = 1
    for step, times in _alike(steps):
        yield from _step(number, times, step)
        number += times
    if answer is not None:
        yield from _named("answer", answer.answer or "(empty)")
        if answer.blocked or answer.stop_reason != "end_turn":
            blocked = f", blocked at {answer.blocked} by the guardrail" if answer.blocked else ""
            yield from _named("ended", f"{answer.stop_reason}{blocked}")
    yield from _named("expected", _expected(journey.scenario.expect))
    for problem in journey.problems:
        yield from _named("came", problem)


def _alike(steps: Iterable[Step]) -> Iterator[tuple[Step, int]]:
    """The steps, of equal calls in a row the first with their number."""
    for _, group in groupby(steps, key=lambda step: (step.tool, step.decision, step.reason, step.arguments)):
        first, *others = group
        yield first, 1 + len(others)


def _step(number: int, times: int, step: Step) -> Iterator[str]:
    again = f", and so {times - 1} more times" if times > 1 else ""
    yield from _named(f"call {number}", f"{step.tool}  {step.decision}{again}")
    if step.arguments is not None:
        yield from _named("  with", json.dumps(step.arguments, ensure_ascii=False))
    if step.reason and step.reason != step.answered:
        yield from _named("  because", step.reason)
    if step.answered:
        yield from _named("  answered", step.answered)
    if step.logged:
        yield from _named("  logged", step.logged)


def _expected(expect: Expectation) -> str:
    said = [f"calls: {words([(call.tool, call.decision) for call in expect.calls])}"]
    said += [f'the answer contains "{text}"' for text in expect.answer_contains]
    said += [f'the answer lacks "{text}"' for text in expect.answer_lacks]
    said += [f"blocked at {expect.blocked}"] if expect.blocked else []
    said += [f"stopped by {expect.stopped}"] if expect.stopped else []
    return "; ".join(said)


def _named(name: str, text: str) -> Iterator[str]:
    first, *others = text.splitlines() or [""]
    yield f"{name:<{_WIDTH}} {first}"
    yield from (f"{'':<{_WIDTH}} {line}" for line in others)
