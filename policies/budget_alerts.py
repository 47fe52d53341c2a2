"""A budget tells somebody before it is spent."""

from collections.abc import Iterator

from policies.rule import Properties, Rule

_LATEST = 100  # percent of the budget
_KINDS = {"ACTUAL": "spent", "FORECASTED": "expected by the month's end"}


def check(budget: Properties) -> Iterator[str]:
    """Require an alert that people hear on what is spent, and one on what is expected, at 100 percent or before."""
    alerts = [alert for alert in budget.get("notifications") or () if _heard(alert) and _in_time(alert)]
    for kind, of in _KINDS.items():
        if not any(alert.get("notificationType") == kind for alert in alerts):
            yield f"has no {kind} notification that people hear at {_LATEST} percent or before, on what is {of}"


def _heard(alert: Properties) -> bool:
    return bool(alert.get("subscriberSnsTopicArns") or alert.get("subscriberEmailAddresses"))


def _in_time(alert: Properties) -> bool:
    over = alert.get("comparisonOperator") == "GREATER_THAN" and alert.get("thresholdType") == "PERCENTAGE"
    return over and float(alert.get("threshold") or 0) <= _LATEST


RULE = Rule(
    id="budget-alerts",
    severity="medium",
    enforcement="mandatory",
    why="A budget that nobody hears of before the bill limits nothing.",
    link="https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-best-practices.html",
    types=frozenset({"aws:budgets/budget:Budget"}),
    check=check,
)
