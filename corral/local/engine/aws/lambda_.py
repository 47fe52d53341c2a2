"""Lambda functions, aliases, URLs and permissions."""

from typing import Any
from urllib.parse import urlsplit

from corral.local.engine.archives import code_sha256, zip_bytes
from corral.local.engine.aws import tags
from corral.local.engine.calls import Calls
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs, upper_first
from corral.local.engine.model import EngineError
from corral.local.engine.names import automatic_name

_LONGEST_NAME = 64


def function(inputs: Inputs, context: Context) -> Created:
    """Create a function from an archive or from S3. Its code's hash is `codeSha256` and `sourceCodeHash`."""
    name = _function_name(inputs, context)
    function_tags = tags.take_tags(inputs)
    inputs.fixed("packageType", "Zip")
    code = _code(inputs)
    environment = inputs.block("environment")
    variables = environment.take("variables") if environment else None
    parameters = {
        "Role": inputs.need("role"),
        "Runtime": inputs.need("runtime"),
        "Handler": inputs.need("handler"),
        "Description": inputs.take("description"),
        "Timeout": inputs.take("timeout"),
        "MemorySize": inputs.take("memorySize"),
        "Publish": inputs.take("publish"),
        "Environment": {"Variables": variables} if variables else None,
        "KMSKeyArn": inputs.take("kmsKeyArn"),
        "Layers": inputs.take("layers"),
        "Architectures": inputs.take("architectures"),
        "Tags": function_tags or None,
    }
    for block in (
        *("vpcConfig", "deadLetterConfig", "tracingConfig"),
        *("ephemeralStorage", "snapStart", "loggingConfig"),
    ):
        parameters[block[:1].upper() + block[1:]] = upper_first(inputs.take(block))
    reserved = inputs.take("reservedConcurrentExecutions", -1)
    for only_for_changes in ("sourceCodeHash", "skipDestroy"):
        inputs.take(only_for_changes)
    inputs.close()
    created = context.call("lambda", "create_function", FunctionName=name, Code=code, **parameters)
    if reserved >= 0:
        context.call(
            "lambda", "put_function_concurrency", FunctionName=name, ReservedConcurrentExecutions=reserved
        )
    arn = context.calls.arn("lambda", f"function:{name}")
    digest = code_sha256(code["ZipFile"]) if "ZipFile" in code else created["CodeSha256"]
    return name, {
        "name": name,
        "arn": arn,
        "version": created["Version"],
        "qualifiedArn": f"{arn}:{created['Version']}",
        "invokeArn": invoke_arn(context.calls, arn),
        "lastModified": created["LastModified"],
        "codeSha256": digest,
        "sourceCodeHash": digest,
        "sourceCodeSize": created["CodeSize"],
        "reservedConcurrentExecutions": reserved,
        **tags.outputs(function_tags),
    }


def _function_name(inputs: Inputs, context: Context) -> str:
    given: str | None = inputs.take("name")
    return given if given is not None else automatic_name(context.name, context.urn, _LONGEST_NAME)


def _code(inputs: Inputs) -> dict[str, Any]:
    archive, bucket = inputs.take("code"), inputs.take("s3Bucket")
    if (archive is None) == (bucket is None):
        raise EngineError("exactly one of code and s3Bucket must be set")
    if archive is not None:
        return {"ZipFile": zip_bytes(archive)}
    location = {"S3Bucket": bucket, "S3Key": inputs.need("s3Key")}
    version = inputs.take("s3ObjectVersion")
    return location if version is None else {**location, "S3ObjectVersion": version}


def alias(inputs: Inputs, context: Context) -> Created:
    """Create an alias of a function's version."""
    name = inputs.need("name")
    function_name = inputs.need("functionName")
    parameters = {
        "FunctionVersion": inputs.need("functionVersion"),
        "Description": inputs.take("description"),
    }
    routing = inputs.block("routingConfig")
    weights = routing.take("additionalVersionWeights") if routing else None
    inputs.close()
    created = context.call(
        "lambda",
        "create_alias",
        FunctionName=function_name,
        Name=name,
        RoutingConfig={"AdditionalVersionWeights": weights} if weights else None,
        **parameters,
    )
    arn = created["AliasArn"]
    return arn, {"name": name, "arn": arn, "invokeArn": invoke_arn(context.calls, arn)}


def url(inputs: Inputs, context: Context) -> Created:
    """Give a function, or one of its aliases, a URL."""
    function_name, qualifier = inputs.need("functionName"), inputs.take("qualifier")
    parameters = {
        "AuthType": inputs.need("authorizationType"),
        "Cors": upper_first(inputs.take("cors")),
        "InvokeMode": inputs.take("invokeMode"),
    }
    inputs.close()
    created = context.call(
        "lambda",
        "create_function_url_config",
        FunctionName=function_name,
        Qualifier=qualifier,
        **parameters,
    )
    address = created["FunctionUrl"]
    return f"{function_name}/{qualifier}" if qualifier else function_name, {
        "functionUrl": address,
        "functionArn": created["FunctionArn"],
        "urlId": url_id(address),
    }


def permission(inputs: Inputs, context: Context) -> Created:
    """Allow a principal to invoke a function."""
    statement, prefix = inputs.take("statementId"), inputs.take("statementIdPrefix")
    if statement is None:
        statement = automatic_name(context.name, context.urn, 100, prefix)
    parameters = {
        "FunctionName": inputs.need("function"),
        "Action": inputs.need("action"),
        "Principal": inputs.need("principal"),
        "SourceArn": inputs.take("sourceArn"),
        "SourceAccount": inputs.take("sourceAccount"),
        "EventSourceToken": inputs.take("eventSourceToken"),
        "Qualifier": inputs.take("qualifier"),
        "PrincipalOrgID": inputs.take("principalOrgId"),
        "FunctionUrlAuthType": inputs.take("functionUrlAuthType"),
        "InvokedViaFunctionUrl": inputs.take("invokedViaFunctionUrl"),
    }
    inputs.close()
    context.call("lambda", "add_permission", StatementId=statement, **parameters)
    return statement, {"statementId": statement}


def invoke_arn(calls: Calls, arn: str) -> str:
    """Return the ARN by which API Gateway invokes a function."""
    return calls.arn("apigateway", f"lambda:path/2015-03-31/functions/{arn}/invocations", account="").replace(
        "::lambda:path", ":lambda:path"
    )


def url_id(address: str) -> str:
    """Return a function URL's id: on AWS the first label of the host; the local endpoint has it in the path."""
    parts = urlsplit(address)
    return parts.path.strip("/").rsplit("/", 1)[-1] or (parts.hostname or "").split(".")[0]


HANDLERS: dict[str, Handler] = {
    "aws:lambda/function:Function": function,
    "aws:lambda/alias:Alias": alias,
    "aws:lambda/functionUrl:FunctionUrl": url,
    "aws:lambda/permission:Permission": permission,
}
