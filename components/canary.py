"""The second endpoint of an agent, at which a share of its sessions tries a new version.

Decision 0018 says how deployments know what `live` is to serve, while others move it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output, Resource, ResourceOptions
from pulumi_aws import dynamodb
from pulumi_aws_native import bedrockagentcore as agentcore

from components.holds import Held
from components.tags import Tags
from corral.spec.names import CANARY


@dataclass(frozen=True)
class Served:
    """What each of the two endpoints of an agent is to serve. `first` is where it is written which came first."""

    live: Output[str]
    canary: Output[str]
    first: dynamodb.TableItem


def served(
    name: str,
    target: str,
    harness_arn: Output[str],
    newest: Output[str],
    held: Held,
    table: Input[str],
    model: str,
    parent: Resource,
) -> Served:
    """Return what the endpoints of an agent with a canary serve. `model` is a fingerprint of the agent's model.

    What is held is served by both. Else a new version is the canary's, and `live` stays at what was kept last or, as
    long as nothing was, at the first version that there was with this model: what came before has lost its model.
    """
    first = dynamodb.TableItem(
        f"{name}-first-{model}",
        table_name=table,
        hash_key="agent",
        range_key="item",
        item=Output.all(harness_arn, newest).apply(lambda told: _item(model, *told)),
        # It says what was newest when it was made, and nobody else writes it.
        opts=ResourceOptions(parent=parent, ignore_changes=["item"]),
    )
    tried = held.tried(target)

    def live(told: Sequence[str]) -> Input[str]:
        arn, item = told
        said = json.loads(item)
        if said["agent"]["S"] != arn:  # of a harness that was there before under its name
            return newest
        kept = tried["version"] if tried is not None and tried["arn"] == arn else "0"
        return max(str(said["version"]["S"]), kept, key=int)

    def canary(told: Sequence[str]) -> str:
        arn, latest, is_live = told
        if tried is None or tried["arn"] != arn or tried["refused"] != latest:
            return latest
        pulumi.log.warn(
            f"{target}: version {latest} was tried and has gone back, at {tried['at'][:16]} UTC: {tried['reason']} It "
            "is not served until another version is deployed, or: corral rollback "
            f"{held.environment} {target} --lift"
        )
        return is_live

    at_live: Output[str] = Output.all(harness_arn, first.item).apply(live)
    at_canary = Output.all(harness_arn, newest, at_live).apply(canary)
    return Served(
        held.version(target, harness_arn, at_live),
        held.version(target, harness_arn, at_canary, say=False),
        first,
    )


def canary_endpoint(
    name: str, harness_id: Input[str], version: Input[str], tags: Tags, opts: ResourceOptions
) -> agentcore.HarnessEndpoint:
    """Make the endpoint that a share of an agent's sessions uses."""
    return agentcore.HarnessEndpoint(
        f"{name}-{CANARY}",
        harness_id=harness_id,
        endpoint_name=CANARY,
        description="What a share of sessions uses.",
        target_version=version,
        tags=tags.as_list(),
        opts=opts,
    )


def _item(model: str, harness_arn: str, newest: str) -> str:
    item = {"agent": {"S": harness_arn}, "item": {"S": f"first-{model}"}, "version": {"S": newest}}
    return json.dumps(item)
