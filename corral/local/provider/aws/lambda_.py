"""Lambda functions, aliases, URLs and permissions."""

import json

from corral.local.engine.aws.lambda_ import invoke_arn, url_id
from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Content, Kind, Live, Old, Parameters, Values, of, retag
from corral.local.provider.reading import lower_first

_CODE = of("code", "s3Bucket", "s3Key", "s3ObjectVersion", "architectures")
_SETTINGS = of(
    *("role", "runtime", "handler", "description", "timeout", "memorySize", "environment", "kmsKeyArn"),
    *("layers", "vpcConfig", "deadLetterConfig", "tracingConfig", "ephemeralStorage", "snapStart"),
    "loggingConfig",
)
_NOT_SETTINGS = ("Code", "Publish", "Architectures", "Tags")


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    name = {"FunctionName": change.id}
    if change.changed & _CODE:
        architectures = sent["Architectures"]
        calls("lambda", "update_function_code", **name, **sent["Code"], Architectures=architectures)
    if change.changed & _SETTINGS:
        settings = {key: value for key, value in sent.items() if key not in (*_NOT_SETTINGS, *name)}
        if change.gone("environment"):
            settings["Environment"] = {"Variables": {}}
        if change.gone("layers"):
            settings["Layers"] = []
        calls("lambda", "update_function_configuration", **name, **settings)
    if change.gone("reservedConcurrentExecutions"):
        calls("lambda", "delete_function_concurrency", **name)
    retag(
        *(calls, change, "lambda", ("tag_resource", "Tags"), ("untag_resource", "TagKeys")),
        pairs=None,
        Resource=change.old["arn"],
    )
    if not sent["Publish"]:
        return calls("lambda", "get_function_configuration", **name)
    # Nothing is published when nothing has changed since the last time.
    version = calls("lambda", "publish_version", **name)["Version"]
    return {**calls("lambda", "get_function_configuration", **name), "Version": version}


def _update_alias(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    if change.gone("routingConfig"):
        sent["RoutingConfig"] = {"AdditionalVersionWeights": {}}
    return calls("lambda", "update_alias", **sent)


def _update_url(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    if change.gone("cors"):
        sent["Cors"] = {}
    return calls("lambda", "update_function_url_config", **sent)


def _alias(old: Old) -> dict[str, str]:
    return {"FunctionName": old.values["functionName"], "Name": old.values["name"]}


def _url(old: Old) -> dict[str, str | None]:
    return {"FunctionName": old.values["functionName"], "Qualifier": old.values.get("qualifier")}


def _permission(old: Old) -> dict[str, str | None]:
    return {"FunctionName": old.values["function"], "Qualifier": old.values.get("qualifier")}


def _read(calls: Calls, old: Old) -> Live:
    name: Parameters = {"FunctionName": old.id}
    found = calls("lambda", "get_function_configuration", **name)
    arn = found["FunctionArn"]
    reserved = calls("lambda", "get_function_concurrency", **name).get("ReservedConcurrentExecutions", -1)
    versions = calls("lambda", "list_versions_by_function", **name)["Versions"]
    numbers = sorted(int(each["Version"]) for each in versions if each["Version"].isdigit())
    published = bool(numbers) if not old.values.get("arn") else bool(old.values.get("publish"))
    version = str(numbers[-1]) if published and numbers else "$LATEST"
    vpc = found.get("VpcConfig") or {}
    inputs = {
        "name": found["FunctionName"],
        "role": found["Role"],
        "runtime": found.get("Runtime"),
        "handler": found.get("Handler"),
        "description": found.get("Description"),
        "timeout": found["Timeout"],
        "memorySize": found["MemorySize"],
        "environment": {"variables": found.get("Environment", {}).get("Variables")},
        "kmsKeyArn": found.get("KMSKeyArn"),
        "layers": [layer["Arn"] for layer in found.get("Layers") or []],
        "architectures": found.get("Architectures"),
        "vpcConfig": {"subnetIds": vpc.get("SubnetIds"), "securityGroupIds": vpc.get("SecurityGroupIds")},
        "tracingConfig": lower_first(found.get("TracingConfig")),
        "ephemeralStorage": lower_first(found.get("EphemeralStorage")),
        "packageType": found["PackageType"],
        "publish": published,
        "reservedConcurrentExecutions": reserved,
        "tags": calls("lambda", "list_tags", Resource=arn).get("Tags"),
    }
    digest = found["CodeSha256"]
    outputs = {
        "arn": arn,
        "version": version,
        "qualifiedArn": f"{arn}:{version}",
        "invokeArn": invoke_arn(calls, arn),
        "lastModified": found["LastModified"],
        "codeSha256": digest,
        "sourceCodeHash": digest,
        "sourceCodeSize": found["CodeSize"],
    }
    return Live(inputs, outputs)


def _read_alias(calls: Calls, old: Old) -> Live:
    found = calls("lambda", "get_alias", **_alias(old))
    weights = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    inputs = {
        "name": found["Name"],
        "functionName": old.values["functionName"],
        "functionVersion": found["FunctionVersion"],
        "description": found.get("Description"),
        "routingConfig": {"additionalVersionWeights": weights},
    }
    arn = found["AliasArn"]
    return Live(inputs, {"arn": arn, "invokeArn": invoke_arn(calls, arn)}, arn)


def _read_url(calls: Calls, old: Old) -> Live:
    found = calls("lambda", "get_function_url_config", **_url(old))
    inputs = {
        "functionName": old.values["functionName"],
        "qualifier": old.values.get("qualifier"),
        "authorizationType": found["AuthType"],
        "cors": lower_first(found.get("Cors")),
        "invokeMode": found.get("InvokeMode", "BUFFERED"),
    }
    address = found["FunctionUrl"]
    outputs = {"functionUrl": address, "functionArn": found["FunctionArn"], "urlId": url_id(address)}
    return Live(inputs, outputs)


# The conditions of a function's policy that inputs of a permission turn into.
_CONDITIONS = {
    "sourcearn": "sourceArn",
    "sourceaccount": "sourceAccount",
    "eventsourcetoken": "eventSourceToken",
    "principalorgid": "principalOrgId",
    "functionurlauthtype": "functionUrlAuthType",
    "invokedviafunctionurl": "invokedViaFunctionUrl",
}


def _read_permission(calls: Calls, old: Old) -> Live:
    wanted = old.values.get("statementId") or old.id
    policy = json.loads(calls("lambda", "get_policy", **_permission(old))["Policy"])
    statement = next((each for each in policy["Statement"] if each["Sid"] == wanted), None)
    if statement is None:
        raise EngineError(f"ResourceNotFoundException: there is no permission {wanted}")
    principal = statement["Principal"]
    conditions: Values = {}
    for tested in statement.get("Condition", {}).values():
        for key, value in tested.items():
            conditions[_CONDITIONS[key.rpartition(":")[2].lower()]] = value
    inputs = {
        "function": old.values["function"],
        "qualifier": old.values.get("qualifier"),
        "statementId": wanted,
        "action": statement["Action"],
        "principal": next(iter(principal.values())) if isinstance(principal, dict) else principal,
        **{key: conditions.get(key) for key in _CONDITIONS.values()},
    }
    return Live(inputs, id=wanted)


KINDS = {
    "aws:lambda/function:Function": Kind(
        delete=lambda calls, old: calls("lambda", "delete_function", FunctionName=old.id),
        read=_read,
        in_place=_CODE
        | _SETTINGS
        | of("publish", "reservedConcurrentExecutions", "sourceCodeHash", "skipDestroy", "tags"),
        outputs=of(
            *("version", "qualifiedArn", "lastModified", "codeSha256", "sourceCodeHash", "sourceCodeSize"),
        ),
        rewrites={("lambda", "create_function"): _update},
        defaults={
            "description": "",
            "kmsKeyArn": "",
            "vpcConfig": {"subnetIds": [], "securityGroupIds": []},
            "deadLetterConfig": {"targetArn": ""},
            "snapStart": {"applyOn": "None"},
            "timeout": 3,
            "memorySize": 128,
            "architectures": ["x86_64"],
            "tracingConfig": {"mode": "PassThrough"},
            "ephemeralStorage": {"size": 512},
            "packageType": "Zip",
            "publish": False,
            "reservedConcurrentExecutions": -1,
            "skipDestroy": False,
        },
        content=Content(("code", "s3Key"), "codeSha256"),
    ),
    "aws:lambda/alias:Alias": Kind(
        delete=lambda calls, old: calls("lambda", "delete_alias", **_alias(old)),
        read=_read_alias,
        ids=("{functionName}/{name}",),
        in_place=of("functionVersion", "description", "routingConfig"),
        rewrites={("lambda", "create_alias"): _update_alias},
        defaults={"description": ""},
    ),
    "aws:lambda/functionUrl:FunctionUrl": Kind(
        delete=lambda calls, old: calls("lambda", "delete_function_url_config", **_url(old)),
        read=_read_url,
        ids=("{functionName}/{qualifier}", "{functionName}"),
        in_place=of("authorizationType", "cors", "invokeMode"),
        rewrites={("lambda", "create_function_url_config"): _update_url},
        named=None,
        defaults={"invokeMode": "BUFFERED", "cors": {"allowCredentials": False, "maxAge": 0}},
    ),
    "aws:lambda/permission:Permission": Kind(
        delete=lambda calls, old: calls(
            "lambda", "remove_permission", StatementId=old.id, **_permission(old)
        ),
        read=_read_permission,
        ids=("{function}:{qualifier}/{statementId}", "{function}/{statementId}"),
        named="statementId",
    ),
}
