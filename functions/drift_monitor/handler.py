"""The drift monitor: once an hour it judges every agent of the environment by what was measured since.

It reads many agents at once and works on some of these shards side by side. A shard that fails is named, counted,
and judged with the next pass, which looks a day back; the others go on. The heartbeat is written when all have been
gone through: without it an alarm tells the platform that nobody watches.
"""

import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.aws import error_code
from functions.common.emf import emit
from functions.drift_monitor import canaries, measurements, memories
from functions.drift_monitor.agents import Watched, watched
from functions.drift_monitor.detect.sample import DAY, HOUR
from functions.drift_monitor.judging import Change, judge
from functions.drift_monitor.past import Past
from functions.drift_monitor.telling import tell

logger = Logger()

SCORE = "DriftScore"
HEARTBEAT = "MonitorPasses"
UNJUDGED = "AgentsNotJudged"
LOOK_BACK = DAY  # what a failed pass, or several, left to be judged
SHARD = measurements.QUERIES // measurements.per_agent()  # agents in one GetMetricData
SIDE_BY_SIDE = 8


def handler(event: Any, context: LambdaContext) -> dict[str, int]:
    """Judge all agents, as of `{"scheduled_time": ...}` or now. Returns how many there are and were not judged."""
    now = _time(event)
    agents = watched()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        seen = dict(pool.map(_stands, [agent for agent in agents if agent.canary is not None]))
        # Of an agent with a canary, others move the version: its team's stack wrote what it was then.
        agents = [_as_served(agent, seen.get(agent.arn)) for agent in agents]
        shards = [agents[first : first + SHARD] for first in range(0, len(agents), SHARD)]
        left = sum(pool.map(lambda shard: _shard(shard, now), shards))
        left += sum(pool.map(lambda agent: _tried(agent, seen[agent.arn], now), _of(agents, seen)))
    emit({"Environment": os.environ["ENVIRONMENT"]}, {HEARTBEAT: 1, UNJUDGED: left}, now, agents=len(agents))
    return {"agents": len(agents), "not_judged": left}


def _stands(agent: Watched) -> tuple[str, canaries.Standing | None]:
    """How it stands with an agent's canary, by the agent's ARN; None if that cannot be told."""
    try:
        return agent.arn, canaries.standing(agent)
    except Exception as error:
        logger.exception("canary not seen", extra={"agents": [agent.shown], "cause": error_code(error)})
        return agent.arn, None


def _as_served(agent: Watched, seen: canaries.Standing | None) -> Watched:
    return agent if seen is None else replace(agent, version=seen.serving)


def _of(agents: Sequence[Watched], seen: Mapping[str, Any]) -> list[Watched]:
    return [agent for agent in agents if agent.arn in seen]


def _tried(agent: Watched, seen: canaries.Standing | None, now: int) -> int:
    """Judge what an agent tries, if it does; return 1 if that failed."""
    try:
        if seen is None:
            return 1
        canaries.pass_on(agent, seen, now - now % HOUR)
    except Exception as error:
        logger.exception("canary not judged", extra={"agents": [agent.shown], "cause": error_code(error)})
        return 1
    return 0


def _time(event: Any) -> int:
    """The time of a pass. Scheduler says it to the second, so that a pass that is tried again is the same one."""
    said = event.get("scheduled_time") if isinstance(event, dict) else None
    return int(datetime.fromisoformat(said).timestamp()) if isinstance(said, str) else int(time.time())


def _shard(agents: Sequence[Watched], now: int) -> int:
    """Judge some agents; return how many of them could not be."""
    until = now - now % HOUR
    try:
        kept = memories.read([agent.arn for agent in agents])
        series = measurements.read(agents, until - LOOK_BACK, until)
        past = Past(agents, kept, series, until - LOOK_BACK, until)
    except Exception as error:
        names = [agent.shown for agent in agents]
        logger.exception("not judged", extra={"agents": names, "cause": error_code(error)})
        return len(agents)
    judged = [
        (agent, made)
        for agent in agents
        if (made := _judge(agent, kept[agent.arn], series, past, until)) is not None
    ]
    try:
        memories.write({agent.arn: kept[agent.arn] for agent, _ in judged}, now)
        # What was told is kept after it was: at worst a team hears twice.
        told = [agent.arn for agent, made in judged if made and _tell(agent, made)]
        memories.write({arn: kept[arn] for arn in told}, now)
    except Exception as error:
        logger.exception("not kept", extra={"cause": error_code(error)})
        return len(agents)
    for agent, _ in judged:
        for name, found in kept[agent.arn].found.items():
            of = {**agent.dimensions, "Metric": name}
            emit(of, {SCORE: found.score}, now, state=found.state, reason=found.reason)
    return len(agents) - len(judged)


def _judge(
    agent: Watched, kept: memories.Kept, series: measurements.Series, past: Past, until: int
) -> list[Change] | None:
    """Judge one agent; None if that fails."""
    try:
        return judge(agent, kept, series, past, until)
    except Exception as error:
        logger.exception("not judged", extra={"agents": [agent.shown], "cause": error_code(error)})
        return None


def _tell(agent: Watched, changes: Sequence[Change]) -> bool:
    """Tell an agent's team; return whether it was told anything."""
    told = False
    for change in changes:
        try:
            tell(agent, change)
            told = change.found.told = True
        except Exception as error:
            # The alarm on the score tells them all the same; the words come with the next pass.
            logger.exception(
                "team not told",
                extra={"agents": [agent.shown], "metric": change.metric, "cause": error_code(error)},
            )
    return told
