"""Versions that a share of an agent's sessions tries: judged at each pass, decided by the override function.

That function alone may move what callers get, and keeps the record of it; the monitor says what is to come of a
version, and why. Nothing is kept here between passes: all of what was measured since the version is tried is read anew.
"""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from functions.common.aws import client
from functions.drift_monitor import measurements
from functions.drift_monitor.agents import Watched
from functions.drift_monitor.detect.metrics import METRICS
from functions.drift_monitor.detect.sample import HOUR
from functions.drift_monitor.detect.words import when
from functions.drift_monitor.verdict import BACK, KEEP, Verdict, judge

logger = Logger()

PERIOD = 300  # CloudWatch keeps such stretches for 63 days
_DECIDED_MEANWHILE = 409
_MAX_SUBJECT = 100  # SNS's


@dataclass(frozen=True)
class Standing:
    """What an agent serves, and what it tries since when, epoch seconds; None if nothing."""

    serving: str
    candidate: str | None
    since: int


class CanaryError(Exception):
    """The override function did not do what it was asked, and what it said."""


def standing(agent: Watched) -> Standing:
    """Ask how it stands. Raises CanaryError, and what boto3 raises."""
    status, said = _ask({"target": agent.shown})
    if status != 200:
        raise CanaryError(f"{agent.shown}: {said}")
    since = datetime.fromisoformat(said["since"]).timestamp() if said["candidate"] else 0
    return Standing(said["serving"], said["candidate"], int(since))


def pass_on(agent: Watched, seen: Standing, until: int) -> None:
    """Judge by what was measured until a time, the full hour, and have it decided. Raises what others raise."""
    # The first whole stretch in which nothing else was tried.
    since = seen.since + -seen.since % PERIOD
    if seen.candidate is None or agent.suspended is not None or since >= until or agent.canary is None:
        return
    found = look(agent, since, until)
    said = {"candidate": seen.candidate, "decision": found.decision, "figures": found.figures}
    logger.info("canary", extra={"agents": [agent.shown], **said, "reason": found.reason})
    if found.decision is None:
        return
    asked = {
        "target": agent.shown,
        "candidate": seen.candidate,
        "decision": found.decision,
        "reason": found.reason,
    }
    status, answer = _ask(asked)
    if status == _DECIDED_MEANWHILE:  # by a person, or by a deployment of the next version
        logger.info("canary decided meanwhile", extra={"agents": [agent.shown], "said": answer})
        return
    if status != 200:
        raise CanaryError(f"{agent.shown}: {answer}")
    client("sns").publish(
        TopicArn=agent.topic,
        Subject=_subject(agent, seen, found)[:_MAX_SUBJECT],
        Message=message(agent, seen, found),
    )


def look(agent: Watched, since: int, until: int) -> Verdict:
    """Judge an agent's canary by what was measured in this time."""
    if agent.canary is None:
        raise ValueError(f"{agent.shown} has no canary")
    sides = (agent, agent.tried)
    series = measurements.read_some(
        [(side, name) for side in sides for name in METRICS], since, until, PERIOD
    )
    both = {name: (series[agent.arn, name], series[agent.tried.arn, name]) for name in METRICS}
    metrics = {name: agent.metric(name) for name in METRICS}
    return judge(agent.canary, metrics, both, (until - since) / HOUR)


def _subject(agent: Watched, seen: Standing, found: Verdict) -> str:
    what = {KEEP: "Canary kept", BACK: "Canary back"}[found.decision or ""]
    return f"{what}: {agent.shown} version {seen.candidate}"


def message(agent: Watched, seen: Standing, found: Verdict) -> str:
    """What the team is to read: what was decided, on which figures, and what to do."""
    share = agent.canary.share if agent.canary else 0
    if found.decision == KEEP:
        done = f"All sessions get version {seen.candidate} now, in place of version {seen.serving}."
        todo = f'Back to the version before: corral rollback {agent.environment} {agent.shown} --reason "why"'
    else:
        done = (
            f"All sessions get version {seen.serving}. Version {seen.candidate} is not tried again by a deployment "
            "that changes nothing; the next version is."
        )
        todo = f'All the same: corral rollback {agent.environment} {agent.shown} --lift --reason "why"'
    figures = "\n".join(found.figures) or "nothing was measured of both"
    return (
        f"{agent.shown} in {agent.environment}: version {seen.candidate} was tried on {share} % of sessions since "
        f"{when(seen.since)}.\n{done}\n\nWhy: {found.reason}\n{figures}\n\n"
        f"Look: corral canary show {agent.environment} {agent.shown}\n{todo}\nHow it is decided: docs/canary.md\n"
    )


def _ask(asked: dict[str, Any]) -> tuple[int, Any]:
    """Ask the override function; its status, and its answer or what it says is wrong."""
    sent = json.dumps({"canary": asked}).encode()
    answer = _functions().invoke(FunctionName=os.environ["OVERRIDE_FUNCTION"], Payload=sent)
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise CanaryError(str(said.get("errorMessage", said)))
    body = json.loads(said["body"])
    return said["statusCode"], body if said["statusCode"] == 200 else body["error"]["message"]


@cache
def _functions() -> Any:
    """A client that waits for as long as that function may take, and asks once: a decision is not for repeating."""
    return boto3.client(
        "lambda",
        config=Config(
            connect_timeout=2, read_timeout=25, retries={"total_max_attempts": 1, "mode": "standard"}
        ),
    )
