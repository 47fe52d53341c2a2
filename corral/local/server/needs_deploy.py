"""What making and changing resources needs, beyond what `needs.py` knows of the platform at work.

Three things that decide about who deploys: roles handed to services (iam:PassRole), the boundary a role is made
with, and the tags that resources have or are asked to get. Of Cloud Control, AWS says in each type's schema which
actions its handlers call as the caller: those of the type's own service are asked for here, and on which resource
is AWS's service authorization reference, as cfn-lint ships both. Keys that a resource is encrypted with are
asked for too. What handlers do with other services is not.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends

from corral.local.server.cloudcontrol.kinds import KINDS, Kind
from corral.local.server.cloudcontrol.schema import schema_of
from corral.local.server.core import AwsError, Call, Properties
from corral.local.server.needs import Need

_ITEMS = ("PutItem", "GetItem", "UpdateItem", "DeleteItem")
_HANDLERS = {
    "CreateResource": "create", "GetResource": "read", "UpdateResource": "update", "DeleteResource": "delete"
}  # fmt: skip
_AGENTCORE = "bedrock-agentcore.amazonaws.com"


def deployment_needs(call: Call) -> list[Need] | None:
    """Return what a call needs, or None for one that `needs.py` knows."""
    rule = _RULES.get(call.service)
    found = rule(call) if rule is not None else None
    return None if found is None else list(found)


def _arn(call: Call, service: str, resource: str) -> str:
    return f"arn:aws:{service}:{call.aws.region}:{call.aws.account}:{resource}"


def _pass(role_arn: str, service: str) -> Need:
    return Need("iam:PassRole", role_arn, None, {"iam:PassedToService": service})


def _asked(tags: Any) -> dict[str, str]:
    """The condition keys of tags that a request gives, in any of the services' spellings."""
    return {f"aws:RequestTag/{key}": value for key, value in _tags(tags).items()}


def _tags(tags: Any) -> dict[str, str]:
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {
        str(tag.get("Key") or tag.get("TagKey")): str(tag.get("Value") or tag.get("TagValue") or "")
        for tag in tags or ()
    }


def _had(tags: Mapping[str, str]) -> dict[str, str]:
    return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}


# IAM


def _iam(call: Call) -> Iterator[Need] | None:
    name = call.params.get("RoleName")
    if name is None and "PolicyName" in call.params and call.operation == "CreatePolicy":
        path = call.params.get("Path") or "/"
        resource = f"arn:aws:iam::{call.aws.account}:policy{path}{call.params['PolicyName']}"
        return iter([Need("iam:CreatePolicy", resource)])
    return None if name is None else _role(call, name)


def _role(call: Call, name: str) -> Iterator[Need]:
    roles = iam_backends[call.aws.account]["aws"].roles.values()
    role = next((each for each in roles if each.name == name), None)
    path = role.path if role is not None else call.params.get("Path") or "/"
    boundary = role.permissions_boundary_arn if role is not None else None
    if call.operation in ("CreateRole", "PutRolePermissionsBoundary"):
        boundary = call.params.get("PermissionsBoundary")
    context = {} if boundary is None else {"iam:PermissionsBoundary": boundary}
    resource = f"arn:aws:iam::{call.aws.account}:role{path}{name}"
    yield Need(f"iam:{call.operation}", resource, None, context | _asked(call.params.get("Tags")))
    if call.operation == "CreateRole" and call.params.get("Tags"):
        yield Need("iam:TagRole", resource, None, _asked(call.params["Tags"]))


# Classic services


def _lambda(call: Call) -> Iterator[Need] | None:
    name = call.params.get("FunctionName")
    return _function(call, name) if name else None


def _function(call: Call, name: str) -> Iterator[Need]:
    rest = name.split(":function:")[-1]
    if call.params.get("Qualifier") and ":" not in rest:
        rest = f"{rest}:{call.params['Qualifier']}"
    resource = _arn(call, "lambda", f"function:{rest}")
    auth = call.params.get("AuthType")
    yield Need(
        f"lambda:{call.operation}", resource, None, {"lambda:FunctionUrlAuthType": auth} if auth else {}
    )
    if call.params.get("Role"):
        yield _pass(call.params["Role"], "lambda.amazonaws.com")
    if call.params.get("Tags"):
        yield Need("lambda:TagResource", resource, None, _asked(call.params["Tags"]))
    for layer in call.params.get("Layers") or ():
        yield Need("lambda:GetLayerVersion", layer)
    if call.params.get("KMSKeyArn"):
        through = {"kms:ViaService": f"lambda.{call.aws.region}.amazonaws.com"}
        yield _key(call, "CreateGrant", call.params["KMSKeyArn"], through)


def _kms(call: Call) -> Iterator[Need]:
    action = f"kms:{call.operation}"
    if call.operation in ("CreateKey", "ListAliases", "ListKeys"):
        yield Need(action, "*", None, _asked(call.params.get("Tags")))
        if call.params.get("Tags"):
            yield Need("kms:TagResource", _arn(call, "kms", "key/new"), None, _asked(call.params["Tags"]))
        return
    if call.params.get("AliasName"):
        yield Need(action, _arn(call, "kms", str(call.params["AliasName"])))
    wanted = call.params.get("KeyId") or call.params.get("TargetKeyId")
    if wanted is not None:
        yield _key(call, call.operation, wanted, _asked(call.params.get("Tags")))


def _key(call: Call, operation: str, wanted: str, context: Mapping[str, str]) -> Need:
    """A need of a key, by its id, ARN or alias, with the tags and aliases it has."""
    backend = kms_backends[call.aws.account][call.aws.region]
    key_id = backend.any_id_to_key_id(wanted)
    tags = backend.tagger.get_tag_dict_for_resource(key_id)
    aliases = [*backend.keys[key_id].aliases] if key_id in backend.keys else []
    known = {**_had(tags), "kms:ResourceAliases": aliases}
    return Need(f"kms:{operation}", _arn(call, "kms", f"key/{key_id}"), None, {**known, **context})


def _cloudtrail(call: Call) -> Iterator[Need] | None:
    name = call.params.get("Name") or call.params.get("TrailName") or call.params.get("ResourceId")
    return _trail(call, name) if name else None


def _trail(call: Call, name: str) -> Iterator[Need]:
    arn = name if name.startswith("arn:") else _arn(call, "cloudtrail", f"trail/{name}")
    yield Need(f"cloudtrail:{call.operation}", arn)
    if call.params.get("IsOrganizationTrail"):
        yield Need("organizations:DescribeOrganization", "*")
        yield Need("organizations:ListAWSServiceAccessForOrganization", "*")
    if call.params.get("TagsList"):
        yield Need("cloudtrail:AddTags", arn)
    if call.params.get("CloudWatchLogsRoleArn"):
        yield _pass(call.params["CloudWatchLogsRoleArn"], "cloudtrail.amazonaws.com")


def _firehose(call: Call) -> Iterator[Need] | None:
    name = call.params.get("DeliveryStreamName")
    return _stream(call, name) if call.operation == "CreateDeliveryStream" and name else None


def _stream(call: Call, name: str) -> Iterator[Need]:
    resource = _arn(call, "firehose", f"deliverystream/{name}")
    yield Need("firehose:CreateDeliveryStream", resource)
    if call.params.get("Tags"):
        yield Need("firehose:TagDeliveryStream", resource)
    destination = call.params.get("ExtendedS3DestinationConfiguration", {})
    if destination.get("RoleARN"):
        yield _pass(destination["RoleARN"], "firehose.amazonaws.com")
    key = call.params.get("DeliveryStreamEncryptionConfigurationInput", {}).get("KeyARN")
    if key:
        through = {"kms:ViaService": f"firehose.{call.aws.region}.amazonaws.com"}
        yield _key(call, "CreateGrant", key, through)


def _events(call: Call) -> Iterator[Need] | None:
    arn = call.params.get("ResourceARN")
    name = call.params.get("Name") or call.params.get("Rule")
    if name is None and arn is None:
        return None
    resource = arn or _arn(call, "events", f"rule/{name}")
    return iter([Need(f"events:{call.operation}", resource, None, _asked(call.params.get("Tags")))])


def _scheduler(call: Call) -> Iterator[Need]:
    action, params = f"scheduler:{call.operation}", call.params
    if "Group" in call.operation or params.get("ResourceArn"):
        resource = params.get("ResourceArn") or _arn(
            call, "scheduler", f"schedule-group/{params.get('Name')}"
        )
        yield Need(action, resource, None, _asked(params.get("Tags")))
        return
    group = params.get("GroupName") or "default"
    yield Need(action, _arn(call, "scheduler", f"schedule/{group}/{params.get('Name')}"))
    if params.get("Target"):
        yield _pass(params["Target"]["RoleArn"], "scheduler.amazonaws.com")


def _budgets(call: Call) -> Iterator[Need]:
    """Making, changing and deleting is one permission, and looking another, by no operation's name."""
    params = call.params
    name = params.get("BudgetName") or (params.get("Budget") or params.get("NewBudget") or {}).get(
        "BudgetName"
    )
    resource = params.get("ResourceARN") or f"arn:aws:budgets::{call.aws.account}:budget/{name}"
    asked = _asked(params.get("ResourceTags"))
    if "Tag" in call.operation:
        yield Need(f"budgets:{call.operation}", resource, None, asked)
        return
    looks = call.operation.startswith("Describe")
    yield Need("budgets:ViewBudget" if looks else "budgets:ModifyBudget", resource, None, asked)
    if asked:
        yield Need("budgets:TagResource", resource, None, asked)


def _named(service: str, resource: str, *names: str, tag: str = "TagResource") -> Callable[[Call], Any]:
    """What is made under a name: its ARN follows from that."""

    def rule(call: Call) -> Iterator[Need] | None:
        name = next((call.params[each] for each in names if call.params.get(each)), None)
        if name is None or name.startswith("arn:"):
            return None
        arn = _arn(call, service, f"{resource}{name}")
        made = [Need(f"{service}:{call.operation}", arn, None, _asked(call.params.get("Tags")))]
        tags = call.params.get("Tags") or call.params.get("tags")
        if call.operation.startswith("Create") and tags:
            made.append(Need(f"{service}:{tag}", arn, None, _asked(tags)))
        return iter(made)

    return rule


def _athena(call: Call) -> Iterator[Need] | None:
    """A workgroup; queries are as at work."""
    made: Iterator[Need] | None = None
    if call.operation == "CreateWorkGroup":
        made = _named("athena", "workgroup/", "Name")(call)
    return made


def _dynamodb(call: Call) -> Iterator[Need] | None:
    """A single item, by its partition key alone; the rest is as at work."""
    name = str(call.params.get("TableName", "")).rpartition("/")[2]
    table = dynamodb_backends[call.aws.account][call.aws.region].tables.get(name)
    if call.operation not in _ITEMS or table is None:
        return _named("dynamodb", "table/", "TableName")(call) if call.operation == "CreateTable" else None
    item = call.params.get("Key") or call.params.get("Item") or {}
    keys = [str(value) for value in item.get(table.hash_key_attr, {}).values()]
    return iter([
        Need(f"dynamodb:{call.operation}", _arn(call, "dynamodb", f"table/{name}"), None,
             {"dynamodb:LeadingKeys": keys})
    ])  # fmt: skip


# Cloud Control


def _cloudcontrol(call: Call) -> Iterator[Need]:
    yield Need(f"cloudformation:{call.operation}", "*")
    handler = _HANDLERS.get(call.operation)
    kind = KINDS.get(call.params.get("TypeName", ""))
    if handler is None or kind is None:
        return
    store = call.aws.store
    if handler == "create":
        desired: Properties = json.loads(call.params["DesiredState"])
        tags, asked = _tags(desired.get("Tags")), _asked(desired.get("Tags"))
    else:
        try:
            desired = store.get(call.params["TypeName"], call.params["Identifier"])
        except AwsError:
            return  # it answers that itself
        tags, asked = _tags(desired.get("Tags")), {}
    schema = schema_of(call.params["TypeName"], call.aws.region).document
    permissions = schema["handlers"][handler]["permissions"]
    places = dict(_resources(call, kind, desired))
    for action in permissions:
        if action.startswith(f"{kind.service}:"):
            yield from _on(action, places, tags, asked)
    for role in (desired.get("ExecutionRoleArn"), desired.get("RoleArn")):
        if role is not None and handler in ("create", "update"):
            yield _pass(role, _AGENTCORE)
    through = {"kms:ViaService": f"{kind.service}.{call.aws.region}.amazonaws.com"}
    for key in set(_keys(desired)):
        for action in permissions:
            if action.startswith("kms:"):
                yield _key(call, action.removeprefix("kms:"), key, through)


def _on(
    action: str,
    places: Mapping[str, tuple[str, Mapping[str, str]]],
    tags: Mapping[str, str],
    asked: Mapping[str, str],
) -> Iterator[Need]:
    """An action of a handler on the resources it takes. What is made has no tags until it is tagged."""
    service, name = action.split(":")
    known = _reference(service).get(name.lower())
    if known is None or name in _OPTIONAL:
        return
    tagging = name.startswith("Create") or name == "TagResource"
    context = asked if tagging else {}
    if not known or (name.startswith("Create") and not set(known) & set(places)):
        yield Need(action, "*", None, context)
        return
    own = places.get("", ("", {}))[0]
    for each in known:
        if each in places:
            arn, had = places[each]
            if name in _OF_TAGS and arn != own:
                continue
            had = tags if arn == own and not (tagging and asked) else had
            yield Need(action, arn, None, {**_had(had), **context})


_OF_TAGS = {"TagResource", "UntagResource", "ListTagsForResource"}
# Handlers call these for other forms of their types than the platform's.
_OPTIONAL = {
    "ManageAdminPolicy", "GetResourceOauth2Token", "GetWorkloadAccessToken", "GetWorkloadAccessTokenForUserId"
}  # fmt: skip
# How AWS's reference names a type's own resource, and its parent's: property, type, and the parent's ARN.
_OWN = {
    "gateway/{id}": "gateway", "policy-engine/{id}": "policy-engine", "memory/{id}": "memory",
    "harness/{id}": "harness", "harness/{HarnessId}/harness-endpoint/{id}": "harness-endpoint",
    "policy-engine/{PolicyEngineId}/policy/{id}": "policy", "guardrail/{id}": "guardrail",
    "application-inference-profile/{id}": "application-inference-profile", "registry/{id}": "registry",
    "registry/{RegistryId}/record/{id}": "registry-record",
}  # fmt: skip
_PARENTS = (
    ("GatewayIdentifier", "gateway", "AWS::BedrockAgentCore::Gateway", "GatewayArn"),
    ("HarnessId", "harness", "AWS::BedrockAgentCore::Harness", "Arn"),
    ("PolicyEngineId", "policy-engine", "AWS::BedrockAgentCore::PolicyEngine", "PolicyEngineArn"),
    ("RegistryId", "registry", "AWS::AgentRegistry::Registry", "RegistryArn"),
    ("GuardrailIdentifier", "guardrail", "AWS::Bedrock::Guardrail", "GuardrailArn"),
)


def _resources(
    call: Call, kind: Kind, desired: Properties
) -> Iterator[tuple[str, tuple[str, Mapping[str, str]]]]:
    """Yield what AWS's reference calls the resources a request touches: name -> ARN and tags. "" is its own."""
    own = _OWN.get(kind.arn)
    if own is not None:
        made = {**desired, kind.id_property: desired.get(kind.id_property) or kind.make_id(dict(desired))}
        arn = _arn(call, kind.service, kind.arn.format(id=made[kind.id_property], **_without(made, "id")))
        yield own, (arn, {})
        yield "", (arn, {})
    for name, parent, type_name, arn_property in _PARENTS:
        if desired.get(name) and parent != own:
            found = next(
                (
                    each
                    for each in call.aws.store.list(type_name)
                    if str(desired[name]) in map(str, each.values())
                ),
                None,
            )
            if found is not None:
                yield parent, (str(found[arn_property]), _tags(found.get("Tags")))
    source = desired.get("ModelSource", {}).get("CopyFrom")
    if source:
        yield source.split(":", 5)[5].partition("/")[0], (source, {})
    harness = desired.get("HarnessName") or str(desired.get("HarnessId", "")).rpartition("-")[0]
    identity = f"harness_{harness}" if harness else desired.get("Name")
    directory = "workload-identity-directory/default"
    yield "workload-identity-directory", (_arn(call, "bedrock-agentcore", directory), {})
    yield (
        "workload-identity",
        (
            _arn(call, "bedrock-agentcore", f"{directory}/workload-identity/{identity}-0123456789"),
            {},
        ),
    )
    if harness:
        runtime = f"runtime/harness_{harness}-0123456789"
        yield "runtime", (_arn(call, kind.service, runtime), {})
        yield "runtime-endpoint", (_arn(call, kind.service, f"{runtime}/runtime-endpoint/DEFAULT"), {})


def _without(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in names}


def _keys(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        if value.startswith("arn:aws:kms:"):
            yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from _keys(each)


@cache
def _reference(service: str) -> dict[str, list[str]]:
    """The resource types of each action of a service, in lower case; none for one that takes no resource."""
    spec = importlib.util.find_spec("cfnlint")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "data" / "AdditionalSpecs"
    services = json.loads((folder / "Policies.json").read_text())
    return {name: said.get("Resources", []) for name, said in services[service]["Actions"].items()}


_RULES: dict[str, Callable[[Call], Iterable[Need] | None]] = {
    "athena": _athena,
    "budgets": _budgets,
    "cloudcontrol": _cloudcontrol,
    "cloudtrail": _cloudtrail,
    "dynamodb": _dynamodb,
    "events": _events,
    "firehose": _firehose,
    "iam": _iam,
    "kms": _kms,
    "lambda": _lambda,
    "scheduler": _scheduler,
    "sns": _named("sns", "", "Name"),
    "sqs": _named("sqs", "", "QueueName", tag="TagQueue"),
}
