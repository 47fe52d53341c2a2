"""Lambda functions, aliases, URLs and permissions."""

import json

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Old, Parameters, of, retag

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
    if change.changed & (_CODE | _SETTINGS | {"publish"}):
        return calls("lambda", "publish_version", **name)
    return calls("lambda", "get_function_configuration", **name, Qualifier=change.old["version"])


def _update_alias(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    return calls("lambda", "update_alias", **sent)


def _update_url(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    return calls("lambda", "update_function_url_config", **sent)


def _alias(old: Old) -> dict[str, str]:
    return {"FunctionName": old.values["functionName"], "Name": old.values["name"]}


def _url(old: Old) -> dict[str, str | None]:
    return {"FunctionName": old.values["functionName"], "Qualifier": old.values.get("qualifier")}


def _permission(old: Old) -> dict[str, str | None]:
    return {"FunctionName": old.values["function"], "Qualifier": old.values.get("qualifier")}


def _permission_exists(calls: Calls, old: Old) -> None:
    policy = json.loads(calls("lambda", "get_policy", **_permission(old))["Policy"])
    if old.id not in [statement["Sid"] for statement in policy["Statement"]]:
        raise EngineError("ResourceNotFoundException")


KINDS = {
    "aws:lambda/function:Function": Kind(
        delete=lambda calls, old: calls("lambda", "delete_function", FunctionName=old.id),
        exists=lambda calls, old: calls("lambda", "get_function_configuration", FunctionName=old.id),
        in_place=_CODE
        | _SETTINGS
        | of("publish", "reservedConcurrentExecutions", "sourceCodeHash", "skipDestroy", "tags"),
        outputs=of(
            *("version", "qualifiedArn", "lastModified", "codeSha256", "sourceCodeHash", "sourceCodeSize"),
        ),
        rewrites={("lambda", "create_function"): _update},
    ),
    "aws:lambda/alias:Alias": Kind(
        delete=lambda calls, old: calls("lambda", "delete_alias", **_alias(old)),
        exists=lambda calls, old: calls("lambda", "get_alias", **_alias(old)),
        in_place=of("functionVersion", "description", "routingConfig"),
        rewrites={("lambda", "create_alias"): _update_alias},
    ),
    "aws:lambda/functionUrl:FunctionUrl": Kind(
        delete=lambda calls, old: calls("lambda", "delete_function_url_config", **_url(old)),
        exists=lambda calls, old: calls("lambda", "get_function_url_config", **_url(old)),
        in_place=of("authorizationType", "cors", "invokeMode"),
        rewrites={("lambda", "create_function_url_config"): _update_url},
        named=None,
    ),
    "aws:lambda/permission:Permission": Kind(
        delete=lambda calls, old: calls(
            "lambda", "remove_permission", StatementId=old.id, **_permission(old)
        ),
        exists=_permission_exists,
        named="statementId",
    ),
}
