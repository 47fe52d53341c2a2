"""Plays scenarios on a real account: a person's messages to the real agents, with the real model.

The expectations are the same, the answers are a model's: nothing here is scripted, and write tools write.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from corral.front_door import FrontDoorError, send
from corral.scenarios.journey import Journey, check
from corral.spec.resolved import ResolvedAgent
from corral.spec.scenario import Scenario

SIDE_BY_SIDE = 4
_SESSION_NAME = "corral-scenarios"
_SCRIPTED = {
    "instead": "has a tool fail or answer by script",
    "repeat": "needs a model that goes on until it is stopped",
    "denied-tool": "needs a model that calls a tool it was not given",
    "schedule": "is sent by a schedule, at its times",
}


class LiveError(Exception):
    """Nothing was sent. The text says why."""


def needs_script(scenario: Scenario) -> str:
    """Why a scenario cannot be played with a real model; empty when it can."""
    if scenario.by == "schedule":
        return _SCRIPTED["schedule"]
    if scenario.case == "denied-tool":
        return _SCRIPTED["denied-tool"]
    if any(turn.repeat for turn in scenario.model):
        return _SCRIPTED["repeat"]
    return _SCRIPTED["instead"] if any(turn.instead is not None for turn in scenario.model) else ""


def operators(account: str, region: str, outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Credentials of each team's operator role, from boto3's default chain.

    Those of the caller itself if it is a session of that role. Raises LiveError: no credentials, credentials of
    another account, a role that may not be taken.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        session = boto3.Session(region_name=region)
        sts = session.client("sts")
        caller = sts.get_caller_identity()
        if caller["Account"] != account:
            raise LiveError(
                f"the AWS credentials are of account {caller['Account']}, the environment is in {account}: "
                "choose others, for example with AWS_PROFILE"
            )
        return {
            team: session.get_credentials().get_frozen_credentials()
            if is_session_of(caller["Arn"], told["operator_role_arn"])
            else _assumed(sts, told["operator_role_arn"])
            for team, told in outputs.items()
        }
    except (BotoCoreError, ClientError) as error:
        raise LiveError(str(error)) from error


def is_session_of(caller_arn: str, role_arn: str) -> bool:
    """Whether arn:aws:sts::1:assumed-role/NAME/SESSION is a session of arn:aws:iam::1:role/PATH/NAME."""
    kind, _, rest = caller_arn.partition(":assumed-role/")
    return (
        bool(rest)
        and rest.split("/")[0] == role_arn.rpartition("/")[2]
        and kind.endswith(role_arn.split(":")[4])
    )


def _assumed(sts: Any, role_arn: str) -> Any:
    from botocore.credentials import Credentials

    keys = sts.assume_role(RoleArn=role_arn, RoleSessionName=_SESSION_NAME)["Credentials"]
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def play_live(
    agents: Sequence[ResolvedAgent],
    outputs: Mapping[str, Mapping[str, Any]],
    keys: Mapping[str, Any],
    region: str,
) -> Iterator[Journey]:
    """Send each scenario's message as its team's operator, a few side by side; yields the journeys in order."""
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        tasks = [
            pool.submit(
                _play_one, outputs[agent.team]["front_door_url"], keys[agent.team], region, agent, scenario
            )
            for agent in agents
            for scenario in agent.scenarios
        ]
        for task in tasks:
            yield task.result()


def _play_one(url: str, keys: Any, region: str, agent: ResolvedAgent, scenario: Scenario) -> Journey:
    if why := needs_script(scenario):
        return Journey(agent.team, agent.name, scenario, None, (), not_played=why)
    began = time.monotonic()
    try:
        answer = send(url, keys, region, agent.name, scenario.user)
    except FrontDoorError as error:
        problem = f"{error.status} {error.code}: {error}"
        return Journey(agent.team, agent.name, scenario, None, (problem,), time.monotonic() - began)
    took = time.monotonic() - began
    return Journey(agent.team, agent.name, scenario, answer, tuple(check(answer, scenario)), took)
