"""Budgets, with whom they tell. AWS keeps them in the account, in no region."""

from typing import Any

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs, upper_first

_LONGEST_NAME = 100


def budget(inputs: Inputs, context: Context) -> Created:
    """Create a budget of costs with its alerts. Planned limits, other periods and filter expressions are not made."""
    name, account = context.name_of(limit=_LONGEST_NAME), context.calls.account
    budget_tags = tags.take_tags(inputs)
    filters = [(block.need("name"), block.need("values")) for block in inputs.blocks("costFilters")]
    made = {
        "BudgetName": name,
        "BudgetType": inputs.need("budgetType"),
        "TimeUnit": inputs.need("timeUnit"),
        "BudgetLimit": {"Amount": inputs.need("limitAmount"), "Unit": inputs.need("limitUnit")},
        "CostFilters": dict(filters),
        "CostTypes": upper_first(inputs.take("costTypes") or {}),
    }
    alerts = [alert(block) for block in inputs.blocks("notifications")]
    inputs.fixed("accountId", account)
    inputs.close()
    context.call(
        "budgets",
        "create_budget",
        AccountId=account,
        Budget=made,
        NotificationsWithSubscribers=alerts,
        ResourceTags=tags.as_list(budget_tags),
    )
    arn = context.calls.arn("budgets", f"budget/{name}", region="")
    return f"{account}:{name}", {
        "name": name,
        "arn": arn,
        "accountId": account,
        **tags.outputs(budget_tags),
    }


def alert(block: Inputs) -> dict[str, Any]:
    """Return an alert and its subscribers as AWS has them, topics first."""
    told = {
        kind: block.take(f"subscriber{key}") or ()
        for kind, key in (("SNS", "SnsTopicArns"), ("EMAIL", "EmailAddresses"))
    }
    return {
        "Notification": {
            "NotificationType": block.need("notificationType"),
            "ComparisonOperator": block.need("comparisonOperator"),
            "Threshold": block.need("threshold"),
            "ThresholdType": block.need("thresholdType"),
        },
        "Subscribers": [
            {"SubscriptionType": kind, "Address": address} for kind, many in told.items() for address in many
        ],
    }


HANDLERS: dict[str, Handler] = {"aws:budgets/budget:Budget": budget}
