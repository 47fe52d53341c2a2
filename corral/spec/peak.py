"""What an environment must hold at its peak: rates and concurrency, from what each team expects to be asked.

All of it is sized for three times the expected peak. What comes on top is refused with 429 and the time to wait.
"""

import math
from collections.abc import Iterable, Mapping

from corral.spec.document import Loaded
from corral.spec.notices import Notice
from corral.spec.platform import Platform
from corral.spec.resolved import ResolvedAgent
from corral.spec.team import Team
from corral.spec.tool import Tool

HEADROOM = 3
LEAST_FRONT_DOOR, LEAST_SUPERVISOR = 20, 50  # a small team's, a small environment's
REFUSING = 5  # of a front door's concurrency, to say no to what is over its rate
DECISION_SECONDS = 0.2  # of a supervisor's decision at worst, its calls of AWS included
UNRESERVED = 100  # AWS lets no account reserve the last hundred
OF_THE_PLATFORM = 100  # for the platform's other functions, each of which reserves a few
OF_AN_EVALUATOR = 2  # that is code: AgentCore asks it after a session, and nobody waits for it

Agents = Mapping[str, Mapping[str, ResolvedAgent]]


def messages_per_minute(agent: ResolvedAgent) -> int:
    """How many messages an agent takes in a minute."""
    return HEADROOM * agent.peak.messages_per_minute


def front_door_concurrency(agents: Iterable[ResolvedAgent]) -> int:
    """How many messages a team's front door works on at once: what comes in while one is answered."""
    at_once = sum(messages_per_minute(agent) * agent.peak.seconds_per_message / 60 for agent in agents)
    return max(LEAST_FRONT_DOOR, math.ceil(at_once) + REFUSING)


def supervisor_concurrency(agents: Iterable[ResolvedAgent]) -> int:
    """How many decisions the supervisor makes at once, if each message takes all the turns its agent has."""
    a_minute = sum(
        messages_per_minute(agent) * (2 + 2 * agent.limits.max_iterations) for agent in agents
    )  # before and after the message, before and after a tool call in each turn
    return max(LEAST_SUPERVISOR, math.ceil(a_minute * DECISION_SECONDS / 60))


def reserved_concurrency(tools: Iterable[Tool], agents: Agents) -> int:
    """How much of the account's concurrency an environment reserves."""
    every = [agent for team in agents.values() for agent in team.values()]
    doors = sum(front_door_concurrency(team.values()) for team in agents.values())
    of_tools = sum(tool.limits.reserved_concurrency for tool in tools)
    evaluators = OF_AN_EVALUATOR * len({each.aws_name for agent in every for each in agent.coded})
    return doors + supervisor_concurrency(every) + of_tools + evaluators + OF_THE_PLATFORM


def check_peak(loaded: Loaded[Platform], platform: Platform, tools: Iterable[Tool], agents: Agents) -> None:
    """Check that the account can hold the environment at three times its peak."""
    needed, there = reserved_concurrency(tools, agents), platform.lambda_concurrency - UNRESERVED
    if needed > there:
        loaded.error(
            ("lambda_concurrency",),
            f"lambda_concurrency: {platform.lambda_concurrency} leaves {there} to reserve, and three times the "
            f"expected peak of the agents takes {needed}",
            "Have AWS raise the account's concurrent executions and write the new number here, or lower "
            "expected_peak of agents or reserved_concurrency of tools.",
        )


def peak_notices(
    teams: Mapping[str, Loaded[Team]], tools: Mapping[str, Tool], agents: Agents
) -> list[Notice]:
    """Agents whose expected peak is more than one of their tools takes from them, at one call a message."""
    notices = []
    for name, file in teams.items():
        for index, written in enumerate(file.spec.agents if file.spec else ()):
            agent = agents.get(name, {}).get(written.name)
            for tool in agent.tools if agent else ():
                takes = tools[tool].limits.requests_per_minute if tool in tools else math.inf
                if agent and agent.peak.messages_per_minute > takes:
                    text = (
                        f"{name}/{agent.name} expects {agent.peak.messages_per_minute} messages a minute, and {tool} "
                        f"takes {takes} calls a minute from an agent. If each message may call it, have "
                        f"{tools[tool].owner.email} raise limits.requests_per_minute of the tool."
                    )
                    place = file.line(("agents", index, "expected_peak"))
                    notices.append(Notice("peak-over-tool", file.source.shown, place, text))
    return notices
