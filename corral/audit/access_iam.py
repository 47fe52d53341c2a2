"""What IAM lets principals do with an environment's resources, as paths with the policy that opens each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Protocol

from corral.audit.access_account import Deployed, Document, Kind, Resource, Role
from corral.local.server import iam

_SERVICE: Mapping[Kind, str] = {
    "function": "lambda",
    "agent": "bedrock-agentcore",
    "gateway": "bedrock-agentcore",
    "memory": "bedrock-agentcore",
    "table": "dynamodb",
    "objects": "s3",
}
# What is asked of each kind in any case; whatever else a role's policies name is asked too.
_ASKED: Mapping[Kind, tuple[str, ...]] = {
    "function": ("lambda:InvokeFunction", "lambda:UpdateFunctionCode", "lambda:AddPermission"),
    "agent": (
        "bedrock-agentcore:InvokeHarness",
        "bedrock-agentcore:InvokeAgentRuntime",
        "bedrock-agentcore:UpdateHarness",
    ),
    "gateway": ("bedrock-agentcore:InvokeGateway", "bedrock-agentcore:UpdateGateway"),
    "memory": (
        "bedrock-agentcore:CreateEvent",
        "bedrock-agentcore:ListEvents",
        "bedrock-agentcore:RetrieveMemoryRecords",
        "bedrock-agentcore:DeleteMemory",
    ),
    "table": ("dynamodb:GetItem", "dynamodb:Scan", "dynamodb:PutItem", "dynamodb:DeleteTable"),
    "objects": ("s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"),
}
_READING = (
    *("Get", "List", "Describe", "Head", "BatchGet", "Query", "Scan", "Retrieve", "Search"),
    *("Authorize", "PartiallyAuthorize"),
)
_CALLING = ("Invoke",)
_WRITING = {
    *("PutObject", "AbortMultipartUpload"),
    *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"),
    *("CreateEvent", "DeleteEvent", "BatchCreateMemoryRecords", "BatchUpdateMemoryRecords"),
}
VIA_URL = {"lambda:InvokedViaFunctionUrl": "true", "lambda:FunctionUrlAuthType": "AWS_IAM"}


@dataclass(frozen=True, order=True)
class Path:
    """Somebody may do something with something."""

    principal: str
    action: str
    resource: str


Paths = dict[Path, str]  # each with the policy that opens it


class Judge(Protocol):
    """Decides what a role may do: our evaluator, or IAM's own simulator."""

    def allowed(
        self,
        role: Role,
        actions: Iterable[str],
        resource: str,
        context: Mapping[str, Any],
        policy: Document | None,
    ) -> Mapping[str, str]:
        """Which of the actions are allowed on a resource, each with the name of a policy that allows it."""


class Evaluator:
    """Decides with the evaluator that the local AWS has."""

    def __init__(self, account: str) -> None:
        self._account = account

    def allowed(
        self,
        role: Role,
        actions: Iterable[str],
        resource: str,
        context: Mapping[str, Any],
        policy: Document | None,
    ) -> Mapping[str, str]:
        """See Judge. Conditions on what is not known beforehand, such as a source address, do not hold."""
        known = {**self._globals(role), **context}
        policies = iam.Policies(tuple(role.policies.values()), role.boundary)
        principal = iam.Principal((role.arn,))
        found = {}
        for action in actions:
            request = iam.Request(action, resource, known)
            if iam.denial(request, policies, policy, principal) is None:
                found[action] = self._opened_by(role, request)
        return found

    def _opened_by(self, role: Role, request: iam.Request) -> str:
        for name, document in role.policies.items():
            if iam.evaluate([document], request) == "Allow":
                return f"policy {name} of the role"
        return "the resource's own policy"

    def _globals(self, role: Role) -> dict[str, Any]:
        return {
            "aws:PrincipalAccount": self._account,
            "aws:PrincipalArn": role.arn,
            "aws:PrincipalType": "AssumedRole",
            "aws:PrincipalIsAWSService": "false",
            "aws:ResourceAccount": self._account,
            "aws:SecureTransport": "true",
            "aws:MultiFactorAuthPresent": "true",
            **{f"aws:PrincipalTag/{key}": value for key, value in role.tags.items()},
        }


def iam_paths(deployed: Deployed, judge: Judge) -> Paths:
    """Every path that IAM opens: of roles to resources, of people to roles, of others by resource policies."""
    found: Paths = {}
    for role in deployed.roles:
        for person, how in _may_become(role):
            found.setdefault(Path(person, "become", f"role {role.name}"), how)
        for resource in deployed.resources:
            for action, how in _role_on(role, resource, judge):
                found.setdefault(Path(f"role {role.name}", action, resource.name), how)
    own = {role.arn for role in deployed.roles} | {f"arn:aws:iam::{deployed.account}:root"}
    for resource in deployed.resources:
        if "NONE" in resource.urls.values():
            found[Path("anybody", "call by URL", resource.name)] = "its URL asks nobody who is calling"
        for path, how in _named_by(resource, own):
            found.setdefault(path, how)
    return found


def _role_on(role: Role, resource: Resource, judge: Judge) -> Iterator[tuple[str, str]]:
    service = _SERVICE[resource.kind]
    statements = [each for document in role.policies.values() for each in _allowing(document)]
    # An action with a wildcard stands for those that are asked in any case.
    named = {a for each in statements for a in _listed(each.get("Action")) if _concrete(a, service)}
    asked = sorted({*_ASKED[resource.kind], *named})
    narrower = {
        below: policy
        for each in statements
        for pattern in _listed(each.get("Resource"))
        for arn, policy in resource.policies.items()
        for below in _below(arn, pattern)
    }
    for arn, policy in {**_probes(resource), **narrower}.items():
        for action, how in judge.allowed(
            role, asked, arn, {"lambda:InvokedViaFunctionUrl": "false"}, policy
        ).items():
            yield label(action), how
        if arn in resource.urls:
            url = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
            by_url = judge.allowed(role, url, arn, VIA_URL, policy)
            if len(by_url) == len(url):
                yield "call by URL", by_url[url[0]]


def _probes(resource: Resource) -> dict[str, Document | None]:
    """An ARN that stands for all below it is asked with something below it that no policy names."""
    return {f"{arn}x" if arn.endswith("/") else arn: policy for arn, policy in resource.policies.items()}


def _below(arn: str, pattern: str) -> Iterator[str]:
    """What an ARN pattern names below an ARN that ends in "/": something that stands for each way it can match."""
    bucket, _, key = pattern.partition("/")
    within, _, prefix = arn.partition("/")
    if not arn.endswith("/") or not fnmatchcase(within, bucket):
        return
    if key.startswith(prefix):
        yield f"{within}/{_filled(key)}"
    for index, character in enumerate(key):
        if character == "*" and prefix.startswith(
            key[:index]
        ):  # this wildcard takes in the rest of the prefix
            yield f"{arn}{_filled(key[index + 1 :])}"


def _filled(pattern: str) -> str:
    return pattern.replace("*", "x").replace("?", "x")


def label(action: str) -> str:
    """What an IAM action does: call, read, write, or change the thing itself."""
    name = action.partition(":")[2]
    if name.startswith(_CALLING):
        return "call"
    if name in _WRITING:
        return "write"
    return "read" if name.startswith(_READING) else f"change ({action})"


def _concrete(action: str, service: str) -> bool:
    return action.startswith(f"{service}:") and "*" not in action and action != "lambda:InvokeFunctionUrl"


def _allowing(document: Document) -> Iterator[Mapping[str, Any]]:
    return (each for each in _listed(document.get("Statement")) if each.get("Effect") == "Allow")


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _may_become(role: Role) -> Iterator[tuple[str, str]]:
    for statement in _allowing(role.trust):
        for who in _principals(statement):
            yield who, "its trust policy"


def _principals(statement: Mapping[str, Any]) -> Iterator[str]:
    if "NotPrincipal" in statement:
        yield "anybody but some"
    given = statement.get("Principal", {})
    if isinstance(given, str):
        yield "anybody"
        return
    for kind, names in given.items():
        for name in _listed(names):
            yield "anybody" if name == "*" else f"service {name}" if kind == "Service" else str(name)


def _named_by(resource: Resource, own: set[str]) -> Iterator[tuple[Path, str]]:
    """Principals a resource's own policy lets in that are no roles of ours: services, other accounts, anybody."""
    for policy in resource.policies.values():
        for statement in _allowing(policy or {}):
            if resource.kind == "objects" and not _objects_of(statement):
                continue
            for who in _principals(statement):
                if who not in own:
                    for action in _listed(statement.get("Action")):
                        yield (
                            Path(who, label(action), resource.name),
                            f"statement {statement.get('Sid', '')} of its policy",
                        )


def _objects_of(statement: Mapping[str, Any]) -> bool:
    """Whether a statement of a bucket's policy is about objects, not about the bucket alone."""
    return any("/" in pattern or pattern == "*" for pattern in _listed(statement.get("Resource")))
