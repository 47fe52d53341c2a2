"""Who and what an environment has on AWS, read through the APIs: roles, functions, gateway, agents, stores.

Everything is told apart by the names and paths that Corral gives (corral/spec/names.py), so that what somebody
added by hand under such a name is seen as well.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from botocore.exceptions import ClientError

from corral.spec.names import role_path

Document = Mapping[str, Any]
Kind = Literal["function", "agent", "gateway", "memory", "table", "objects"]
Client = Callable[[str], Any]  # a boto3 client of a service, by its name

# What Athena answers queries over the domains' tables with: there once a query has run.
QUERY_RESULTS = "query results"
_QUERY_RESULTS = "athena_results/"
_MISSING = ("ResourceNotFoundException", "NoSuchBucketPolicy", "NoSuchEntity")


@dataclass(frozen=True)
class Role:
    """A role of the environment: who may become it, and what it may do at most."""

    arn: str
    trust: Document
    policies: Mapping[str, Document]  # by the policy's name
    boundary: Document | None  # {}, which allows nothing, for one that is no more
    tags: Mapping[str, str]

    @property
    def name(self) -> str:
        """Its name without its path."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True)
class Resource:
    """Something a principal may reach. One thing may have several ARNs, as a function has with its aliases.

    An ARN that ends in "/" stands for all objects below it.
    """

    kind: Kind
    name: str
    policies: Mapping[str, Document | None]  # by ARN, each with its resource policy
    urls: Mapping[str, str] = field(default_factory=dict)  # the authorization of a function's URL, by ARN


@dataclass(frozen=True)
class Gateway:
    """A gateway: who is asked for what by which policies. `targets` and `policies` as the API has them."""

    arn: str
    authorizer: str
    mode: str | None  # of its policy engine, None without one
    targets: tuple[Document, ...]
    policies: tuple[Document, ...]


@dataclass(frozen=True)
class Deployed:
    """An environment as it is deployed."""

    environment: str
    account: str
    roles: tuple[Role, ...]
    resources: tuple[Resource, ...]
    gateways: tuple[Gateway, ...]


def read_account(client: Client, environment: str) -> Deployed:
    """Read an environment. Raises botocore's ClientError when the caller may not read something."""
    account = str(client("sts").get_caller_identity()["Account"])
    roles = tuple(_roles(client("iam"), f"{role_path(environment, '')}".rstrip("/") + "/"))
    control = client("bedrock-agentcore-control")
    gateways = tuple(_gateways(control, f"corral-{environment}"))
    resources = (
        *_functions(client("lambda"), f"corral-{environment}-"),
        *(Resource("gateway", "gateway", {gateway.arn: None}) for gateway in gateways),
        *_agents(control, roles),
        *_memories(control, environment),
        *_tables(client("dynamodb"), f"corral-{environment}-"),
        *_objects(client("s3"), f"corral-{environment}-", account),
    )
    return Deployed(environment, account, roles, resources, gateways)


def _roles(iam: Any, path: str) -> Iterator[Role]:
    details: dict[str, list[Any]] = {"RoleDetailList": [], "Policies": []}
    pages = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["Role", "LocalManagedPolicy", "AWSManagedPolicy"]
    )
    for page in pages:
        for name, found in details.items():
            found.extend(page.get(name, []))
    managed = {
        policy["Arn"]: version["Document"]
        for policy in details["Policies"]
        for version in policy["PolicyVersionList"]
        if version["IsDefaultVersion"]
    }
    for role in details["RoleDetailList"]:
        if not role["Path"].startswith(path):
            continue
        inline = {p["PolicyName"]: _document(p["PolicyDocument"]) for p in role.get("RolePolicyList", [])}
        attached = {
            p["PolicyName"]: _document(managed.get(p["PolicyArn"], {}))
            for p in role.get("AttachedManagedPolicies", [])
        }
        boundary = role.get("PermissionsBoundary")
        yield Role(
            role["Arn"],
            _document(role["AssumeRolePolicyDocument"]),
            inline | attached,
            _document(managed.get(boundary["PermissionsBoundaryArn"], {})) if boundary else None,
            {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])},
        )


def _document(given: Any) -> Document:
    return dict(json.loads(given)) if isinstance(given, str) else dict(given)


def _functions(client: Any, prefix: str) -> Iterator[Resource]:
    for page in client.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            name = function["FunctionName"]
            if not name.startswith(prefix):
                continue
            qualifiers: dict[str, dict[str, str]] = {function["FunctionArn"]: {}} | {
                alias["AliasArn"]: {"Qualifier": alias["Name"]}
                for alias in client.list_aliases(FunctionName=name)["Aliases"]
            }
            policies, urls = {}, {}
            for arn, qualifier in qualifiers.items():
                at = {"FunctionName": name, **qualifier}
                found = _unless_missing(partial(client.get_policy, **at))
                policies[arn] = _function_policy(found["Policy"]) if found else None
                url = _unless_missing(partial(client.get_function_url_config, **at))
                if url:
                    urls[url["FunctionArn"]] = url["AuthType"]
            yield Resource("function", _function_name(name.removeprefix(prefix)), policies, urls)


def _function_name(rest: str) -> str:
    if rest.startswith("front-door-"):
        return f"front door {rest.removeprefix('front-door-')}"
    return f"function {rest.removeprefix('tool-')}"


def _function_policy(text: str) -> Document:
    """A function's policy, a principal that stands alone written as AWS writes it."""
    document = dict(_document(text))
    document["Statement"] = [
        {**each, "Principal": {"AWS": each["Principal"]}}
        if isinstance(each.get("Principal"), str) and each["Principal"] != "*"
        else each
        for each in document["Statement"]
    ]
    return document


def _unless_missing(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
        return None


def _gateways(control: Any, name: str) -> Iterator[Gateway]:
    for item in _all(control, "list_gateways", "items"):
        if item["name"] != name:
            continue
        gateway = control.get_gateway(gatewayIdentifier=item["gatewayId"])
        targets = [
            control.get_gateway_target(gatewayIdentifier=item["gatewayId"], targetId=target["targetId"])
            for target in _all(control, "list_gateway_targets", "items", gatewayIdentifier=item["gatewayId"])
        ]
        engine = gateway.get("policyEngineConfiguration")
        policies = []
        if engine:
            identifier = engine["arn"].rpartition("/")[2]
            policies = _all(control, "list_policies", "policies", policyEngineId=identifier)
        yield Gateway(
            gateway["gatewayArn"],
            gateway.get("authorizerType", "NONE"),
            engine["mode"] if engine else None,
            tuple(targets),
            tuple(policies),
        )


def _all(client: Any, operation: str, key: str, **arguments: Any) -> list[Any]:
    if client.can_paginate(operation):
        pages = client.get_paginator(operation).paginate(**arguments)
        return [item for page in pages for item in page.get(key, [])]
    return list(getattr(client, operation)(**arguments)[key])


def _agents(control: Any, roles: tuple[Role, ...]) -> Iterator[Resource]:
    """Harnesses, each under the name of the role it runs as, and its endpoints."""
    known = {role.arn for role in roles}
    for item in _all(control, "list_harnesses", "harnesses"):
        harness = control.get_harness(harnessId=item["harnessId"])["harness"]
        if harness["executionRoleArn"] not in known:
            continue
        endpoints = _all(control, "list_harness_endpoints", "endpoints", harnessId=item["harnessId"])
        arns = [item["arn"], *(endpoint["arn"] for endpoint in endpoints)]
        yield Resource("agent", _agent_name(harness["executionRoleArn"]), dict.fromkeys(arns))


def _agent_name(role_arn: str) -> str:
    *_, team, role = role_arn.split("/")
    return f"agent {team}/{role.partition(f'-agent-{team}-')[2] or role}"


def _memories(control: Any, environment: str) -> Iterator[Resource]:
    for memory in _all(control, "list_memories", "memories"):
        name = memory["id"].rpartition("-")[0]
        if name.startswith(f"{environment}_"):
            team = name.removeprefix(f"{environment}_").replace("_", "-")
            yield Resource("memory", f"memory {team}", {memory["arn"]: None})


def _tables(client: Any, prefix: str) -> Iterator[Resource]:
    for name in _all(client, "list_tables", "TableNames"):
        if name.startswith(prefix):
            arn = client.describe_table(TableName=name)["Table"]["TableArn"]
            yield Resource("table", f"table {name.removeprefix(prefix)}", {arn: None})


def _objects(client: Any, prefix: str, account: str) -> Iterator[Resource]:
    """What the buckets hold, by the parts that access is granted by: domains, teams' reports, all the rest whole."""
    for bucket in client.list_buckets()["Buckets"]:
        name = bucket["Name"]
        if not name.startswith(prefix) or f"-{account}-" not in name:
            continue
        found = _unless_missing(partial(client.get_bucket_policy, Bucket=name))
        policy = _document(found["Policy"]) if found else None
        what = name.removeprefix(prefix).partition(f"-{account}-")[0]
        for part in _parts(client, name, what):
            kind = "domain" if what == "documents" else what
            label = f"{kind} {part.rstrip('/').rpartition('/')[2]}".strip()
            if part == _QUERY_RESULTS:
                label = QUERY_RESULTS
            yield Resource("objects", label, {f"arn:aws:s3:::{name}/{part}": policy})


def _parts(client: Any, bucket: str, what: str) -> Iterator[str]:
    if what == "documents":
        top = _prefixes(client, bucket, "")
        yield from (prefix for prefix in top if not prefix.startswith("warehouse_"))
        yield from _prefixes(client, bucket, "warehouse_tables/")
    elif what == "reports":
        yield from _prefixes(client, bucket, "")
    else:
        yield ""


def _prefixes(client: Any, bucket: str, below: str) -> list[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=below, Delimiter="/")
    return [found["Prefix"] for page in pages for found in page.get("CommonPrefixes", [])]
