"""Secrets and their values."""

import base64

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs


def secret(inputs: Inputs, context: Context) -> Created:
    """Create a secret without a value; `recoveryWindowInDays` matters at destruction only."""
    name = context.name_of()
    secret_tags = tags.take_tags(inputs)
    parameters = {
        "Description": inputs.take("description"),
        "KmsKeyId": inputs.take("kmsKeyId"),
        "Tags": tags.as_list(secret_tags),
    }
    document = inputs.take("policy")
    inputs.take("recoveryWindowInDays")
    inputs.close()
    arn = context.call("secretsmanager", "create_secret", Name=name, **parameters)["ARN"]
    if document is not None:
        context.call("secretsmanager", "put_resource_policy", SecretId=arn, ResourcePolicy=document)
    return arn, {"name": name, "arn": arn, **tags.outputs(secret_tags)}


def version(inputs: Inputs, context: Context) -> Created:
    """Set a secret's value."""
    secret_id = inputs.need("secretId")
    binary = inputs.take("secretBinary")
    parameters = {
        "SecretString": inputs.take("secretString"),
        "SecretBinary": None if binary is None else base64.b64decode(binary),
        "VersionStages": inputs.take("versionStages"),
    }
    inputs.close()
    answer = context.call("secretsmanager", "put_secret_value", SecretId=secret_id, **parameters)
    return f"{answer['ARN']}|{answer['VersionId']}", {
        "arn": answer["ARN"],
        "versionId": answer["VersionId"],
        "versionStages": answer["VersionStages"],
    }


HANDLERS: dict[str, Handler] = {
    "aws:secretsmanager/secret:Secret": secret,
    "aws:secretsmanager/secretVersion:SecretVersion": version,
}
