"""What a stack deploys, by its name."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from components.outputs import PlatformOutputs
from components.platform import Platform
from components.team import Team
from corral.spec.errors import SpecErrors
from corral.spec.load import Environment, load_environment

_INTERRUPTED = 130


def deploy(stack: str, stacks: Path) -> None:
    """Deploy a stack and export its outputs. `stacks` is the folder that holds the environments' folders.

    Raises pulumi.RunError, which Pulumi shows without a traceback, for what people can put right.
    """
    # When a resource fails, the engine interrupts the program: it has nothing to say to that, nor to save.
    signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
    name, _, team = stack.partition(".")
    try:
        environment = load_environment(stacks / name)
    except SpecErrors as errors:
        raise pulumi.RunError(str(errors)) from None
    check_region(environment.platform.region)
    outputs = _team(environment, name, team) if team else Platform(name, environment).outputs
    for key, value in outputs.items():
        pulumi.export(key, value)


def check_region(region: str) -> None:
    """Refuse to deploy with providers set to another region than platform.yaml says."""
    for provider in ("aws", "aws-native"):
        configured = pulumi.Config(provider).get("region") or os.environ.get("AWS_REGION")
        if configured not in (None, region):
            raise pulumi.RunError(
                f"the {provider} provider is set to {configured}, platform.yaml says {region}: "
                f"run `pulumi config set {provider}:region {region}`"
            )


def _team(environment: Environment, name: str, team: str) -> Mapping[str, Any]:
    if team not in environment.teams:
        known = ", ".join(sorted(environment.teams)) or "none"
        raise pulumi.RunError(f"environment {name} has no team {team}. Its teams: {known}.")
    platform = PlatformOutputs.of(name, registry=environment.has_registry)
    return Team(f"{name}-{team}", environment, team, platform).outputs
