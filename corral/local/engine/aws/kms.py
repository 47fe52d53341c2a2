"""KMS keys and aliases."""

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs

_ALIAS = "alias/"


def key(inputs: Inputs, context: Context) -> Created:
    """Create a key, with rotation if asked for; `deletionWindowInDays` matters at destruction only."""
    key_tags = tags.take_tags(inputs)
    usage = inputs.take("keyUsage", "ENCRYPT_DECRYPT")
    parameters = {
        "Description": inputs.take("description"),
        "Policy": inputs.take("policy"),
        "KeySpec": inputs.take("customerMasterKeySpec"),
        "KeyUsage": usage,
        "MultiRegion": inputs.take("multiRegion"),
        "BypassPolicyLockoutSafetyCheck": inputs.take("bypassPolicyLockoutSafetyCheck"),
        "Tags": tags.as_list(key_tags, "TagKey", "TagValue"),
    }
    rotation, period = inputs.take("enableKeyRotation", False), inputs.take("rotationPeriodInDays")
    enabled = inputs.take("isEnabled", True)
    inputs.take("deletionWindowInDays")
    inputs.close()
    metadata = context.call("kms", "create_key", **parameters)["KeyMetadata"]
    key_id = metadata["KeyId"]
    if rotation:
        context.call("kms", "enable_key_rotation", KeyId=key_id, RotationPeriodInDays=period)
    if not enabled:
        context.call("kms", "disable_key", KeyId=key_id)
    return key_id, {
        "arn": metadata["Arn"],
        "keyId": key_id,
        "keyUsage": usage,
        "isEnabled": enabled,
        "enableKeyRotation": rotation,
        **tags.outputs(key_tags),
    }


def alias(inputs: Inputs, context: Context) -> Created:
    """Create an alias of a key."""
    name = context.name_of()
    name = name if name.startswith(_ALIAS) else f"{_ALIAS}{name}"
    target = inputs.need("targetKeyId")
    inputs.close()
    metadata = context.call("kms", "describe_key", KeyId=target)["KeyMetadata"]
    context.call("kms", "create_alias", AliasName=name, TargetKeyId=target)
    arn = context.calls.arn("kms", name)
    return name, {"name": name, "arn": arn, "targetKeyId": target, "targetKeyArn": metadata["Arn"]}


HANDLERS: dict[str, Handler] = {"aws:kms/key:Key": key, "aws:kms/alias:Alias": alias}
