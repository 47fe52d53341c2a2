"""Journeys: an agent's scenarios, played through the real path as a person of its team would, and checked.

Only the model is scripted: front door, guardrail, harness loop, supervisor, gateway, Cedar, tools and records are real.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

from corral.front_door import Answer, FrontDoorError, ToolCall, send
from corral.local.session import Session
from corral.spec.names import tool_function_name
from corral.spec.resolve import ResolvedAgent
from corral.spec.scenario import Expectation, Scenario

_SIDE_BY_SIDE = 2  # each side needs its own worker of each function, and starting those is what takes time
_FAULT = re.compile(
    r"\[ERROR\] .*|Task timed out.*|Runtime exited.*"
)  # what Lambda's runtime logs, without its ids


@dataclass(frozen=True)
class Journey:
    """One scenario as it went. `problems` says what was not as expected; empty means all was."""

    team: str
    agent: str
    scenario: Scenario
    answer: Answer | None
    problems: tuple[str, ...]


def scripts(agents: Iterable[ResolvedAgent], outputs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the scripted model needs: each agent's scenarios and parameters, by its inference profile ARN."""
    return {
        outputs[agent.team]["agents"][agent.name]["inference_profile_arn"]: {
            "parameters": agent.parameters,
            "agent": agent.name,
            "team": agent.team,
            "scenarios": [scenario.model_dump(mode="json") for scenario in agent.scenarios],
        }
        for agent in agents
    }


def play(
    session: Session, agents: Iterable[ResolvedAgent], outputs: dict[str, dict[str, Any]]
) -> Iterator[Journey]:
    """Play every scenario of every agent as its team's operator, a few side by side; yields them in order."""
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        tasks = [
            pool.submit(_play_one, session, outputs[agent.team], agent, scenario)
            for agent in agents
            for scenario in agent.scenarios
        ]
        for task in tasks:
            yield task.result()


def _play_one(session: Session, team: dict[str, Any], agent: ResolvedAgent, scenario: Scenario) -> Journey:
    credentials = session.credentials_for(team["operator_role_arn"], scenario.name)
    try:
        answer = send(team["front_door_url"], credentials, session.at.region, agent.name, scenario.user)
    except FrontDoorError as error:
        return Journey(agent.team, agent.name, scenario, None, (f"{error.status} {error.code}: {error}",))
    return Journey(agent.team, agent.name, scenario, answer, tuple(check(answer, scenario.expect)))


def with_faults(session: Session, environment: str, journeys: list[Journey]) -> list[Journey]:
    """Add to each journey in which a tool failed what the tool's function logged of it.

    A caller of the front door is told no more than that the tool failed; who develops the tool needs the cause.
    """
    failed = {call.tool for journey in journeys for call in _failed(journey)}
    causes = {tool: _last_fault(session, tool_function_name(environment, tool)) for tool in sorted(failed)}
    return [
        replace(
            journey,
            problems=(
                *journey.problems,
                *(f"{tool}: {causes[tool]}" for tool in dict.fromkeys(c.tool for c in _failed(journey))),
            ),
        )
        for journey in journeys
    ]


def _failed(journey: Journey) -> list[ToolCall]:
    return [c for c in journey.answer.tool_calls if c.decision == "failed"] if journey.answer else []


def _last_fault(session: Session, function: str) -> str:
    """The first line of the last fault in a function's log."""
    lines = [text.strip().split("\n")[0] for text in session.log_lines(f"/aws/lambda/{function}")]
    faults = [found[0].removeprefix("[ERROR] ") for line in lines if (found := _FAULT.search(line))]
    return faults[-1] if faults else f"its log, /aws/lambda/{function}, has no error in it"


def check(answer: Answer, expect: Expectation) -> Iterator[str]:
    """What of an answer is not as a scenario expects, in words."""
    made = [(call.tool, call.decision) for call in answer.tool_calls]
    wanted = [(call.tool, call.decision) for call in expect.calls]
    if made != wanted:
        yield f"tool calls were {_words(made)}, expected {_words(wanted)}"
    if answer.blocked != expect.blocked:
        yield f"blocked at {answer.blocked or 'nothing'}, expected {expect.blocked or 'nothing'}"
    for text in expect.answer_contains:
        if text.lower() not in answer.answer.lower():
            yield f'the answer does not contain "{text}"'


def _words(calls: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{tool} {decision}" for tool, decision in calls) or "none"


def as_json(journey: Journey) -> dict[str, Any]:
    """A journey for scripts."""
    return {
        "team": journey.team,
        "agent": journey.agent,
        "scenario": journey.scenario.name,
        "user": journey.scenario.user,
        "answer": None if journey.answer is None else asdict(journey.answer),
        "problems": list(journey.problems),
    }
