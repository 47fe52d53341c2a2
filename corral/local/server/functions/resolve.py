"""From a function's name or ARN to the exact code and configuration that one invocation runs.

Functions, published versions and aliases live in moto's Lambda backend. A published version there is a copy
made at publication, so its code and configuration stay what they were.
"""

import hashlib
import json
import random
import re
from dataclasses import dataclass
from typing import Any

from moto.awslambda.exceptions import UnknownAliasException, UnknownFunctionException
from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends

from corral.local.server.core import AwsError, LocalAws

LATEST = "$LATEST"
_ARN = re.compile(r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:(?P<rest>.+)")
# The layer that stands in for nothing else: everything it holds is importable in every worker.
POWERTOOLS_LAYER = re.compile(r":layer:AWSLambdaPowertoolsPythonV3-")


@dataclass(frozen=True)
class Target:
    """One version of a function as it is now: what a worker is made from."""

    name: str
    version: str
    arn: str  # as invoked, qualifier included
    role_arn: str
    handler: str
    runtime: str
    code: bytes
    code_digest: str
    environment: dict[str, str]
    memory_mb: int
    timeout_seconds: int
    reserved_concurrency: int | None

    @property
    def fingerprint(self) -> str:
        """Equal for two targets that may share a worker."""
        parts = [self.version, self.code_digest, self.handler, self.runtime, self.role_arn, self.memory_mb]
        return hashlib.sha256(json.dumps([*parts, sorted(self.environment.items())]).encode()).hexdigest()


def backend(aws: LocalAws) -> LambdaBackend:
    """Return moto's Lambda backend of this account and region."""
    return lambda_backends[aws.account][aws.region]


def split(aws: LocalAws, function: str, qualifier: str | None = None) -> tuple[str, str | None]:
    """Split a name, `name:qualifier`, partial or full ARN into name and qualifier (None when unqualified)."""
    rest = function
    if arn := _ARN.fullmatch(function):
        if (arn["account"], arn["region"]) != (aws.account, aws.region):
            raise _not_found(function)
        rest = arn["rest"]
    elif function.startswith(f"{aws.account}:function:"):
        rest = function.split(":", 2)[2]
    name, _, in_name = rest.partition(":")
    if in_name and qualifier and in_name != qualifier:
        message = "The derived qualifier from the function name does not match the specified qualifier."
        raise AwsError("InvalidParameterValueException", message)
    return name, in_name or qualifier or None


def function_arn(aws: LocalAws, name: str, qualifier: str | None = None) -> str:
    """Return the ARN of a function of this account, qualified when a qualifier is given."""
    return f"arn:aws:lambda:{aws.region}:{aws.account}:function:{name}" + (
        f":{qualifier}" if qualifier else ""
    )


def resolve(aws: LocalAws, function: str, qualifier: str | None = None) -> Target:
    """Find what to run. An alias with weights picks one of its versions anew each time.

    Raises AwsError: ResourceNotFoundException, InvalidParameterValueException, or NotImplemented (501) for a
    function the local AWS cannot run.
    """
    name, qualifier = split(aws, function, qualifier)
    arn = function_arn(aws, name, qualifier)
    with aws.moto_lock:
        lambdas = backend(aws)
        try:
            version = _version(lambdas, name, qualifier)
            found: LambdaFunction = lambdas.get_function(name, version)
            latest: LambdaFunction = lambdas.get_function(name)
        except UnknownFunctionException:
            raise _not_found(arn) from None
        _check(found)
        reserved = latest.reserved_concurrency
        return Target(
            name=name,
            version=str(found.version),
            arn=arn,
            role_arn=found.role,
            handler=str(found.handler),
            runtime=str(found.run_time),
            code=found.code_bytes,
            code_digest=found.code_digest,
            environment={key: str(value) for key, value in (found.environment_vars or {}).items()},
            memory_mb=int(found.memory_size),
            timeout_seconds=int(found.timeout),
            reserved_concurrency=None if reserved is None else int(reserved),
        )


def async_retries(aws: LocalAws, name: str, default: int) -> int:
    """Return how often a failed event is tried again, by the function's event invoke config."""
    with aws.moto_lock:
        configs = backend(aws).get_function(name).event_invoke_config
        return int(configs[-1].config.get("MaximumRetryAttempts", default)) if configs else default


def resource_policy(aws: LocalAws, name: str) -> str | None:
    """Return a function's resource policy as AWS words it, None when it has none.

    moto keeps an AWS principal as a bare string and FunctionUrlAuthType and InvokedViaFunctionUrl beside the
    statement; AWS shows a principal object and conditions.
    """
    with aws.moto_lock:
        found: LambdaFunction = backend(aws).get_function(name)
        statements = [dict(statement) for statement in found.policy.statements]
    for statement in statements:
        principal = statement.get("Principal")
        if isinstance(principal, str) and principal != "*":
            statement["Principal"] = {"Service" if principal.endswith(".amazonaws.com") else "AWS": principal}
        conditions = {operator: dict(keys) for operator, keys in statement.get("Condition", {}).items()}
        if auth_type := statement.pop("FunctionUrlAuthType", None):
            conditions.setdefault("StringEquals", {})["lambda:FunctionUrlAuthType"] = auth_type
        via_url = statement.pop("InvokedViaFunctionUrl", None)
        if via_url is not None:
            conditions.setdefault("Bool", {})["lambda:InvokedViaFunctionUrl"] = str(via_url).lower()
        if conditions:
            statement["Condition"] = conditions
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None


def _version(lambdas: LambdaBackend, name: str, qualifier: str | None) -> str:
    if qualifier is None or qualifier == LATEST:
        return LATEST
    if qualifier.isdigit():
        return qualifier
    try:
        alias = lambdas.get_alias(qualifier, name)
    except UnknownAliasException:
        raise _not_found(f"{lambdas.get_function(name).function_arn}:{qualifier}") from None
    routing: Any = alias.routing_config or {}  # moto annotates it as a string
    weights: dict[str, float] = routing.get("AdditionalVersionWeights") or {}
    drawn = random.random()  # noqa: S311
    for version, weight in weights.items():
        drawn -= float(weight)
        if drawn < 0:
            return version
    return str(alias.function_version)


def _check(found: LambdaFunction) -> None:
    """Refuse what cannot be run here rather than run something else in its place."""
    cannot = "The local AWS runs Python functions from zip archives"
    if found.package_type != "Zip" or not str(found.run_time).startswith("python"):
        kind = found.run_time or found.package_type
        raise AwsError("NotImplemented", f"{cannot}; {found.function_name} is {kind}", 501)
    for layer in found.layers:
        if not POWERTOOLS_LAYER.search(layer["Arn"]):
            raise AwsError(
                "NotImplemented", f"{cannot} with the Powertools layer only, not {layer['Arn']}", 501
            )


def _not_found(arn: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Function not found: {arn}", 404)
