"""Each change to moto's budgets beside what moto does by itself.

A stock assertion that fails after an upgrade of moto means that its change can go.
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.server.conftest import ACCOUNT, Server, code_of
from tests.local.server.support import stock

ALERT: dict[str, Any] = {
    "NotificationType": "ACTUAL",
    "ComparisonOperator": "GREATER_THAN",
    "Threshold": 80.0,
    "ThresholdType": "PERCENTAGE",
}
HEARD = {"SubscriptionType": "EMAIL", "Address": "people@example.com"}
BUDGET = {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": "400", "Unit": "USD"}}


def test_stock_changes_no_budget_and_shows_neither_tags_nor_subscribers() -> None:
    calls = {
        "UpdateBudget": f"update_budget(NewBudget={BUDGET | {'BudgetName': 'b'}!r}, **of)",
        "DescribeSubscribersForNotification": (
            f"describe_subscribers_for_notification(BudgetName='b', Notification={ALERT!r}, **of)"
        ),
        "ListTagsForResource": "list_tags_for_resource(ResourceARN=arn)",
        "TagResource": "tag_resource(ResourceARN=arn, ResourceTags=[{'Key': 'a', 'Value': 'b'}])",
        "UntagResource": "untag_resource(ResourceARN=arn, ResourceTagKeys=['a'])",
    }
    source = f"""
of, arn = {{"AccountId": "{ACCOUNT}"}}, "arn:aws:budgets::{ACCOUNT}:budget/b"
budgets = client("budgets")
budgets.create_budget(Budget={BUDGET | {"BudgetName": "b"}!r}, **of)
"""
    lacking = [f"tried(lambda: budgets.{call})" for call in calls.values()]
    shown = stock(f"{source}\nprint(repr([{', '.join(lacking)}]))")
    assert all("NotImplementedError" in str(each) or "500" in str(each) for each in shown), shown


def test_a_budget_changes_and_shows_its_tags_and_who_hears(server: Server, name: str) -> None:
    budgets, of = server.client("budgets"), {"AccountId": ACCOUNT}
    arn = f"arn:aws:budgets::{ACCOUNT}:budget/{name}"
    budgets.create_budget(
        Budget=BUDGET | {"BudgetName": name},
        NotificationsWithSubscribers=[{"Notification": ALERT, "Subscribers": [HEARD]}],
        ResourceTags=[{"Key": "team", "Value": "support"}, {"Key": "cost", "Value": "1"}],
        **of,
    )
    told = budgets.describe_subscribers_for_notification(BudgetName=name, Notification=ALERT, **of)
    assert told["Subscribers"] == [HEARD]
    other = ALERT | {"Threshold": 81.0}
    with pytest.raises(ClientError) as error:
        budgets.describe_subscribers_for_notification(BudgetName=name, Notification=other, **of)
    assert code_of(error) == "NotFoundException"

    limit = {"Amount": "500", "Unit": "USD"}
    budgets.update_budget(NewBudget=BUDGET | {"BudgetName": name, "BudgetLimit": limit}, **of)
    assert budgets.describe_budget(BudgetName=name, **of)["Budget"]["BudgetLimit"] == limit
    alerts = budgets.describe_notifications_for_budget(BudgetName=name, **of)["Notifications"]
    assert [each["Threshold"] for each in alerts] == [80.0], "alerts stay when settings change"
    with pytest.raises(ClientError) as error:
        budgets.update_budget(NewBudget=BUDGET | {"BudgetName": f"{name}-none"}, **of)
    assert code_of(error) == "NotFoundException"

    budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "team", "Value": "sales"}])
    budgets.untag_resource(ResourceARN=arn, ResourceTagKeys=["cost"])
    shown = budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"]
    assert shown == [{"Key": "team", "Value": "sales"}]
