"""Asks a deployed platform for all that an audit looks at: outputs, resources, access, records."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from corral.audit.access import access_matrix
from corral.audit.access_account import Client
from corral.audit.access_cedar import CedarError
from corral.audit.athena import AthenaError
from corral.audit.deployed import (
    NotDeployedError,
    account_platform,
    local_platform,
    read_outputs,
    usual_values,
)
from corral.audit.facts import Asked, DeployedResource, Facts
from corral.audit.period import Period
from corral.audit.verify import verify
from corral.spec.load import Environment

SECRET = "[secret]"  # noqa: S105 what stands for a secret value
# How Pulumi's state marks a value that is not plain JSON, and that it is a secret.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 names the kind, and is none itself
_STACK_TYPE = "pulumi:pulumi:Stack"
_SIDE_BY_SIDE = 4

T = TypeVar("T")
Outputs = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class _Stacks:
    """What the stacks tell, each by its name; why there are no resources, if there are none."""

    outputs: Outputs
    resources: tuple[DeployedResource, ...]
    not_asked: str = ""


def gather(
    root: Path, environment: Environment, period: Period, local: bool, outputs: Path | None = None
) -> Facts:
    """Ask the served local AWS, or the account with this shell's credentials and Pulumi.

    With `outputs`, a file of the platform's outputs, Pulumi is not asked, and resources and teams stay unknown.
    Raises NotDeployedError when the platform is not there; what else cannot be asked is missing in the facts, which
    say why.
    """
    name = environment.platform.environment
    if local:
        platform, stacks = local_platform(root, name), _local_stacks(root, environment)
        client = _local_client(root, name)
    else:
        stacks = _account_stacks(root, environment) if outputs is None else _from_file(name, outputs)
        platform = account_platform(environment, stacks.outputs[name])
        client = platform.lake.session.client
    not_asked: dict[Asked, str] = {}
    if not stacks.resources:
        not_asked["resources"] = stacks.not_asked
    matrix = _or_why(lambda: access_matrix(environment, client), not_asked, "matrix")
    found = _or_why(lambda: verify(platform, usual_values(environment), period), not_asked, "verification")
    return Facts(environment, stacks.outputs, stacks.resources, matrix, found, not_asked)


def _or_why(ask: Callable[[], T], not_asked: dict[Asked, str], what: Asked) -> T | None:
    try:
        return ask()
    except (AthenaError, CedarError, NotDeployedError, BotoCoreError, ClientError) as error:
        not_asked[what] = str(error)
        return None


def _stack_names(environment: Environment) -> list[str]:
    name = environment.platform.environment
    return [name, *(f"{name}.{team}" for team in environment.teams)]


def _local_client(root: Path, name: str) -> Client:
    from corral.local.session import Session, find

    deployed = find(root, name)
    if deployed is None:
        raise NotDeployedError(f"the local AWS of {name} has just gone")
    return Session(deployed.at).client


def _local_stacks(root: Path, environment: Environment) -> _Stacks:
    from corral.local import pulumi_project
    from corral.local.kept import kept_resources
    from corral.local.session import LocalAwsError, find

    name = environment.platform.environment
    deployed = find(root, name)
    if deployed is None:
        raise NotDeployedError(f"the local AWS of {name} has just gone")
    if not deployed.outputs:  # served empty, it has what came through Pulumi's own engine
        try:
            return _read({stack: pulumi_project.exported(root, stack) for stack in _stack_names(environment)})
        except LocalAwsError as error:
            raise NotDeployedError(str(error)) from error
    told = {f"{name}.{team}" if team else name: said for team, said in deployed.outputs.items()}
    kept = kept_resources(root, name, deployed.process_id) or ()
    resources = (DeployedResource(r["stack"], r["type"], r["name"], r["inputs"]) for r in kept)
    return _Stacks(told, tuple(resources), "this local AWS was served before Corral kept its resources")


def _account_stacks(root: Path, environment: Environment) -> _Stacks:
    from corral.deployment.outputs import OutputsError, stack_state
    from corral.deployment.pulumi_cli import PulumiCli, PulumiMissingError

    names = _stack_names(environment)
    hint = (
        f"Or give the platform's outputs: --outputs FILE, as pulumi stack output --json -s {names[0]} prints."
    )
    try:
        cli = PulumiCli()
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            asked = {stack: pool.submit(stack_state, cli, root, stack) for stack in names}
    except PulumiMissingError as error:
        raise NotDeployedError(f"{error} {hint}") from error
    states = {}
    for stack, answer in asked.items():
        try:
            states[stack] = answer.result()
        except OutputsError as error:
            if "no stack named" not in str(error):
                raise NotDeployedError(f"{error} {hint}") from error
    return _read(states)


def _from_file(name: str, path: Path) -> _Stacks:
    return _Stacks({name: read_outputs(path)}, (), "only the platform's outputs were given, in a file")


def _read(states: Mapping[str, Mapping[str, Any]]) -> _Stacks:
    """Read the states of the stacks that are there. The first is the platform's, without which there is nothing."""
    outputs: dict[str, Mapping[str, Any]] = {}
    resources: list[DeployedResource] = []
    for stack, state in states.items():
        found = list(_resources(state))
        if told := next((each.get("outputs") for each in found if each["type"] == _STACK_TYPE), None):
            outputs[stack] = masked(told)
        resources += [
            DeployedResource(
                stack, each["type"], each["urn"].rpartition("::")[2], masked(each.get("inputs") or {})
            )
            for each in found
            if not each["type"].startswith("pulumi:")
        ]
    platform = next(iter(states), "")
    if platform not in outputs:
        raise NotDeployedError(
            f"the platform is not deployed: its stack has no outputs. corral up {platform} first"
        )
    return _Stacks(outputs, tuple(resources))


def _resources(state: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    resources: Iterable[Mapping[str, Any]] = (state.get("deployment") or {}).get("resources") or ()
    return (
        each for each in resources if not each.get("delete")
    )  # what waits to be deleted has been replaced


def masked(value: Any) -> Any:
    """Return a value of Pulumi's state as plain JSON, what is secret in it replaced."""
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET_SIGNATURE:
            return SECRET
        return {key: masked(each) for key, each in value.items() if key != _SIGNATURE}
    return [masked(each) for each in value] if isinstance(value, list) else value
