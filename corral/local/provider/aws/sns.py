"""SNS topics, their policies and subscriptions."""

import json
from collections.abc import Mapping
from typing import Any

from corral.local.engine.calls import Calls
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, Values, of, retag
from corral.local.provider.reading import from_string, tag_map

# What each is when nothing is said, in the type that the program's values have.
_TOPIC: Mapping[str, Any] = {
    "displayName": "",
    "policy": "",
    "deliveryPolicy": "",
    "kmsMasterKeyId": "",
    "fifoTopic": False,
    "contentBasedDeduplication": False,
    "signatureVersion": "",
    "tracingConfig": "",
}
_NOT_SHOWN = of("signatureVersion", "tracingConfig")  # which the local AWS takes, but does not keep
_SUBSCRIPTION: Mapping[str, Any] = {
    "rawMessageDelivery": False,
    "filterPolicyScope": "MessageAttributes",  # before the policy that it is about
    "filterPolicy": "",
    "redrivePolicy": "",
    "deliveryPolicy": "",
    "subscriptionRoleArn": "",
}


def _attribute(key: str) -> str:
    return key[:1].upper() + key[1:]


def _settings(shown: Mapping[str, str], settings: Mapping[str, Any]) -> Values:
    return {key: from_string(shown.get(_attribute(key)), default) for key, default in settings.items()}


def _changed(sent: Parameters, change: Change, settings: Mapping[str, Any]) -> dict[str, str]:
    attributes = sent["Attributes"] or {}
    names = [_attribute(key) for key in settings if key in change.changed]
    return {name: attributes.get(name, "") for name in names}


def _update_topic(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    for name, value in _changed(sent, change, _TOPIC).items():
        calls("sns", "set_topic_attributes", TopicArn=change.id, AttributeName=name, AttributeValue=value)
    retag(
        *(calls, change, "sns", ("tag_resource", "Tags"), ("untag_resource", "TagKeys")),
        ResourceArn=change.id,
    )
    return {"TopicArn": change.id}


def _read_topic(calls: Calls, old: Old) -> Live:
    shown = calls("sns", "get_topic_attributes", TopicArn=old.id)["Attributes"]
    inputs = {
        "name": old.id.rpartition(":")[2],
        **_settings(shown, {key: value for key, value in _TOPIC.items() if key not in _NOT_SHOWN}),
        "tags": tag_map(calls("sns", "list_tags_for_resource", ResourceArn=old.id)["Tags"]),
    }
    return Live(inputs, {"arn": old.id, "owner": shown["Owner"]})


def _update_subscription(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    for name, value in _changed(sent, change, _SUBSCRIPTION).items():
        calls(
            *("sns", "set_subscription_attributes"),
            SubscriptionArn=change.id,
            AttributeName=name,
            AttributeValue=value,
        )
    return {"SubscriptionArn": change.id}


def _read_subscription(calls: Calls, old: Old) -> Live:
    shown = calls("sns", "get_subscription_attributes", SubscriptionArn=old.id)["Attributes"]
    inputs = {
        "topic": shown["TopicArn"],
        "protocol": shown["Protocol"],
        "endpoint": shown["Endpoint"],
        **_settings(shown, _SUBSCRIPTION),
    }
    return Live(inputs, {"arn": old.id, "ownerId": shown["Owner"]})


def _read_policy(calls: Calls, old: Old) -> Live:
    shown = calls("sns", "get_topic_attributes", TopicArn=old.id)["Attributes"]
    return Live({"arn": old.id, "policy": shown["Policy"]}, {"owner": shown["Owner"]})


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


_TOPIC_ARN = "arn:{partition}:sns:{region}:{account}:{name}"

KINDS = {
    "aws:sns/topic:Topic": Kind(
        delete=lambda calls, old: calls("sns", "delete_topic", TopicArn=old.id),
        read=_read_topic,
        ids=(_TOPIC_ARN,),
        in_place=of(*_TOPIC, "tags") - {"fifoTopic"},
        rewrites={("sns", "create_topic"): _update_topic},
        defaults=_TOPIC,
        elsewhere=of("policy"),
    ),
    "aws:sns/topicPolicy:TopicPolicy": Kind(
        delete=_reset_policy,
        read=_read_policy,
        ids=(_TOPIC_ARN,),
        in_place=of("policy"),
        named=None,
    ),
    "aws:sns/topicSubscription:TopicSubscription": Kind(
        delete=lambda calls, old: calls("sns", "unsubscribe", SubscriptionArn=old.id),
        read=_read_subscription,
        ids=(f"{_TOPIC_ARN}:{{subscription}}",),
        in_place=of(*_SUBSCRIPTION, "confirmationTimeoutInMinutes", "endpointAutoConfirms"),
        rewrites={("sns", "subscribe"): _update_subscription},
        defaults=_SUBSCRIPTION,
        named=None,
    ),
}
