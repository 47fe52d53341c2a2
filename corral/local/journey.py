"""Plays an agent's scenarios on a local AWS through the real path, as a person of its team or its schedule would.

Only the model is scripted, and what a scenario has a tool's function do instead of its work: front door,
guardrail, harness loop, supervisor, gateway, Cedar, tools and records are real.
"""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from corral.front_door import Answer, FrontDoorError, read_answer, send
from corral.local.session import LocalAwsError, Session
from corral.scenarios.journey import Journey, Step, check
from corral.spec.names import tool_function_name
from corral.spec.resolved import ResolvedAgent
from corral.spec.scenario import Scenario

_SIDE_BY_SIDE = 2  # each side needs its own worker of each function, and starting those is what takes time
_FAILED = "The tool's function failed: "  # how the gateway begins what the function's error was


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
    """Play every scenario of every agent, a few side by side; yields them in order.

    A person's message is sent as the team's operator, a schedule's by the schedule.
    """
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        tasks = [
            pool.submit(_play_one, session, outputs[agent.team], agent, scenario)
            for agent in agents
            for scenario in agent.scenarios
        ]
        for task in tasks:
            yield task.result()


def _play_one(session: Session, team: dict[str, Any], agent: ResolvedAgent, scenario: Scenario) -> Journey:
    began = time.monotonic()
    answer: Answer | None = None
    try:
        if scenario.by == "schedule":
            schedule = team["agents"][agent.name].get("schedule")
            if schedule is None:
                raise LocalAwsError("its schedule is not on this local AWS: deploy the team anew")
            answer = read_answer(session.run_schedule(schedule["arn"]))
        else:
            keys = session.credentials_for(team["operator_role_arn"], scenario.name)
            answer = send(team["front_door_url"], keys, session.at.region, agent.name, scenario.user)
    except FrontDoorError as error:
        problems = [f"{error.status} {error.code}: {error}"]
    except LocalAwsError as error:
        problems = [str(error)]
    else:
        problems = list(check(answer, scenario))
    took = time.monotonic() - began
    return Journey(agent.team, agent.name, scenario, answer, tuple(problems), took)


def explained(
    session: Session, environment: str, journeys: Iterable[Journey], every: bool = False
) -> list[Journey]:
    """Add what was called with what and what came of it, and to the problems why a tool failed.

    To the journeys that did not go as expected, or to every one. A caller of the front door is told no more than
    that a tool failed; who develops it needs the cause.
    """
    return [
        _explained(session, environment, journey) if every or journey.problems else journey
        for journey in journeys
    ]


def _explained(session: Session, environment: str, journey: Journey) -> Journey:
    if journey.answer is None:
        return journey
    made = _conversation(session, journey.answer.session_id)
    expected = [call.tool for call in journey.scenario.expect.calls if call.decision == "failed"]
    steps, causes = [], []
    for index, call in enumerate(journey.answer.tool_calls):
        arguments, answered = made[index] if index < len(made) else (None, None)
        logged = None
        if call.decision == "failed" and call.tool not in expected and answered:
            cause = answered.removeprefix(_FAILED)
            causes.append(f"{call.tool}: {cause}")
            logged = _logged(session, tool_function_name(environment, call.tool), cause)
        steps.append(Step(call.tool, call.decision, call.reason, arguments, answered, logged))
    problems = (*journey.problems, *dict.fromkeys(causes)) if journey.problems else ()
    return replace(journey, steps=tuple(steps), problems=problems)


def _conversation(session: Session, session_id: str) -> list[tuple[dict[str, Any], str | None]]:
    """Arguments and result of each tool call of a session, in order."""
    blocks = [block for message in session.conversation(session_id) for block in message["content"]]
    results = {
        block["toolResult"]["toolUseId"]: "".join(
            part.get("text", "") for part in block["toolResult"]["content"]
        )
        for block in blocks
        if "toolResult" in block
    }
    uses = [block["toolUse"] for block in blocks if "toolUse" in block]
    return [(use["input"], results.get(use["toolUseId"])) for use in uses]


def _logged(session: Session, function: str, cause: str) -> str | None:
    """What a function logged of a failure beyond its cause, such as where in the code it was."""
    entries = (text.strip() for text in reversed(session.log_lines(f"/aws/lambda/{function}")))
    return next((text for text in entries if cause in text and "\n" in text), None)
