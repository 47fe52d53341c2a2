"""SNS topics, their policies and subscriptions."""

import json

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Old, Parameters, of, retag


def _update_topic(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    for name, value in (sent["Attributes"] or {}).items():
        if name[:1].lower() + name[1:] in change.changed:
            calls("sns", "set_topic_attributes", TopicArn=change.id, AttributeName=name, AttributeValue=value)
    for key in _TOPIC:
        if change.gone(key):
            name = key[:1].upper() + key[1:]
            calls("sns", "set_topic_attributes", TopicArn=change.id, AttributeName=name, AttributeValue="")
    retag(
        *(calls, change, "sns", ("tag_resource", "Tags"), ("untag_resource", "TagKeys")),
        ResourceArn=change.id,
    )
    return {"TopicArn": change.id}


_TOPIC = of("displayName", "policy", "deliveryPolicy", "kmsMasterKeyId", "signatureVersion", "tracingConfig")


def _update_subscription(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    for name, value in (sent["Attributes"] or {}).items():
        calls(
            *("sns", "set_subscription_attributes"),
            SubscriptionArn=change.id,
            AttributeName=name,
            AttributeValue=value,
        )
    return {"SubscriptionArn": change.id}


def _reset_policy(calls: Calls, old: Old) -> None:
    """Give a topic back the policy it is born with: its owner may use it."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes"],
        "Resource": old.id,
        "Condition": {"StringEquals": {"AWS:SourceOwner": calls.account}},
    }
    document = json.dumps({"Version": "2008-10-17", "Statement": [statement]})
    calls("sns", "set_topic_attributes", TopicArn=old.id, AttributeName="Policy", AttributeValue=document)


def _subscription_exists(calls: Calls, old: Old) -> None:
    found = calls("sns", "list_subscriptions_by_topic", TopicArn=old.values["topic"])["Subscriptions"]
    if not any(each["Endpoint"] == old.values["endpoint"] for each in found):
        raise EngineError("NotFoundException")


KINDS = {
    "aws:sns/topic:Topic": Kind(
        delete=lambda calls, old: calls("sns", "delete_topic", TopicArn=old.id),
        exists=lambda calls, old: calls("sns", "get_topic_attributes", TopicArn=old.id),
        in_place=_TOPIC | of("contentBasedDeduplication", "tags"),
        rewrites={("sns", "create_topic"): _update_topic},
    ),
    "aws:sns/topicPolicy:TopicPolicy": Kind(
        delete=_reset_policy,
        exists=lambda calls, old: calls("sns", "get_topic_attributes", TopicArn=old.id),
        in_place=of("policy"),
        named=None,
    ),
    "aws:sns/topicSubscription:TopicSubscription": Kind(
        delete=lambda calls, old: calls("sns", "unsubscribe", SubscriptionArn=old.id),
        exists=_subscription_exists,
        in_place=of(
            *("rawMessageDelivery", "filterPolicy", "filterPolicyScope", "redrivePolicy", "deliveryPolicy"),
            *("subscriptionRoleArn", "confirmationTimeoutInMinutes", "endpointAutoConfirms"),
        ),
        rewrites={("sns", "subscribe"): _update_subscription},
        named=None,
    ),
}
