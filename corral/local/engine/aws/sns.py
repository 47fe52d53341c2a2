"""SNS topics, their policies and subscriptions."""

from typing import Any

from corral.local.engine.aws import tags
from corral.local.engine.aws.attributes import as_strings
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs

_TOPIC = {
    "displayName": "DisplayName",
    "policy": "Policy",
    "deliveryPolicy": "DeliveryPolicy",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "fifoTopic": "FifoTopic",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
}
_SUBSCRIPTION = {
    "rawMessageDelivery": "RawMessageDelivery",
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "redrivePolicy": "RedrivePolicy",
    "deliveryPolicy": "DeliveryPolicy",
    "subscriptionRoleArn": "SubscriptionRoleArn",
}


def topic(inputs: Inputs, context: Context) -> Created:
    """Create a topic."""
    name = context.name_of(limit=256)
    topic_tags = tags.take_tags(inputs)
    attributes = as_strings(inputs, _TOPIC)
    inputs.close()
    answer = context.call(
        "sns", "create_topic", Name=name, Attributes=attributes or None, Tags=tags.as_list(topic_tags)
    )
    arn = answer["TopicArn"]
    return arn, {"name": name, "arn": arn, "owner": context.calls.account, **tags.outputs(topic_tags)}


def topic_policy(inputs: Inputs, context: Context) -> Created:
    """Set who may publish to and subscribe to a topic."""
    arn, document = inputs.need("arn"), inputs.need("policy")
    inputs.close()
    context.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName="Policy", AttributeValue=document)
    return arn, {"owner": context.calls.account}


def subscription(inputs: Inputs, context: Context) -> Created:
    """Subscribe an endpoint to a topic."""
    parameters: dict[str, Any] = {
        "TopicArn": inputs.need("topic"),
        "Protocol": inputs.need("protocol"),
        "Endpoint": inputs.need("endpoint"),
        "Attributes": as_strings(inputs, _SUBSCRIPTION) or None,
    }
    for only_for_waiting in ("confirmationTimeoutInMinutes", "endpointAutoConfirms"):
        inputs.take(only_for_waiting)
    inputs.close()
    answer = context.call("sns", "subscribe", ReturnSubscriptionArn=True, **parameters)
    arn = answer["SubscriptionArn"]
    return arn, {"arn": arn, "ownerId": context.calls.account}


HANDLERS: dict[str, Handler] = {
    "aws:sns/topic:Topic": topic,
    "aws:sns/topicPolicy:TopicPolicy": topic_policy,
    "aws:sns/topicSubscription:TopicSubscription": subscription,
}
