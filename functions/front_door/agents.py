"""The agents behind this front door, as its environment names them."""

import json
import os
from typing import NotRequired, TypedDict


class Agent(TypedDict):
    """What the front door knows of an agent. Its guardrail is the standard one unless another is named.

    `canary`: how many of 100 sessions the endpoint of that name takes.
    """

    harness_arn: str
    qualifier: str
    guardrail: NotRequired[str]
    scheduled: NotRequired[bool]
    per_minute: NotRequired[int]
    canary: NotRequired[int]


def agents() -> dict[str, Agent]:
    """Return the team's agents by name."""
    known: dict[str, Agent] = json.loads(os.environ["AGENTS"])
    return known
