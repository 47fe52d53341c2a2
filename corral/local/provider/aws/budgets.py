"""Budgets, with whom they tell."""

from typing import Any

from corral.local.engine.calls import Calls
from corral.local.engine.inputs import without_none
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, of, retag
from corral.local.provider.reading import lower_first, tag_map

_SHOWN = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")


def _named(identifier: str) -> dict[str, str]:
    account, _, name = identifier.partition(":")
    return {"AccountId": account, "BudgetName": name}


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    """Change all but tags at once, then the alerts one by one: there is no call that replaces them."""
    named = _named(change.id)
    calls("budgets", "update_budget", AccountId=named["AccountId"], NewBudget=sent["Budget"])
    if "notifications" in change.changed:
        for alert in calls("budgets", "describe_notifications_for_budget", **named).get("Notifications", ()):
            calls("budgets", "delete_notification", **named, Notification=_told(alert))
        for alert in sent["NotificationsWithSubscribers"]:
            calls("budgets", "create_notification", **named, **alert)
    retag(
        *(calls, change, "budgets", ("tag_resource", "ResourceTags"), ("untag_resource", "ResourceTagKeys")),
        ResourceARN=change.old["arn"],
    )
    return {}


def _told(alert: dict[str, Any]) -> dict[str, Any]:
    """An alert without the state it is in."""
    return {key: alert[key] for key in _SHOWN}


def _read(calls: Calls, old: Old) -> Live:
    named = _named(old.id)
    arn = calls.arn("budgets", f"budget/{named['BudgetName']}", region="", account=named["AccountId"])
    found = calls("budgets", "describe_budget", **named)["Budget"]
    alerts = calls("budgets", "describe_notifications_for_budget", **named).get("Notifications", ())
    shown = calls("budgets", "list_tags_for_resource", ResourceARN=arn).get("ResourceTags")
    inputs = {
        "name": found["BudgetName"],
        "budgetType": found["BudgetType"],
        "timeUnit": found["TimeUnit"],
        "limitAmount": found["BudgetLimit"]["Amount"],
        "limitUnit": found["BudgetLimit"]["Unit"],
        "costFilters": [
            {"name": key, "values": values} for key, values in found.get("CostFilters", {}).items()
        ],
        "costTypes": lower_first(found.get("CostTypes")),
        "notifications": [_alert(calls, named, alert) for alert in alerts],
        "tags": tag_map(shown),
    }
    return Live(inputs, {"arn": arn, "accountId": named["AccountId"]})


def _alert(calls: Calls, named: dict[str, str], shown: dict[str, Any]) -> dict[str, Any]:
    told = calls("budgets", "describe_subscribers_for_notification", **named, Notification=_told(shown))
    of_kind = {
        kind: [each["Address"] for each in told["Subscribers"] if each["SubscriptionType"] == kind] or None
        for kind in ("SNS", "EMAIL")
    }
    topics = {"subscriberSnsTopicArns": of_kind["SNS"], "subscriberEmailAddresses": of_kind["EMAIL"]}
    return {**lower_first(_told(shown)), **without_none(topics)}


KINDS = {
    "aws:budgets/budget:Budget": Kind(
        delete=lambda calls, old: calls("budgets", "delete_budget", **_named(old.id)),
        read=_read,
        ids=("{accountId}:{name}",),
        in_place=of(
            *("budgetType", "timeUnit", "limitAmount", "limitUnit", "costFilters", "costTypes"),
            *("notifications", "tags"),
        ),
        rewrites={("budgets", "create_budget"): _update},
        defaults={
            # https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CostTypes.html
            "costTypes": {
                **dict.fromkeys(
                    (
                        *("includeCredit", "includeDiscount", "includeOtherSubscription", "includeRecurring"),
                        *("includeRefund", "includeSubscription", "includeSupport", "includeTax"),
                        "includeUpfront",
                    ),
                    True,
                ),
                **dict.fromkeys(("useAmortized", "useBlended"), False),
            },
        },
    ),
}
