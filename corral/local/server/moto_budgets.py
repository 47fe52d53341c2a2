"""Changes to moto for budgets: it makes and deletes them, but changes none, keeps no tags and shows no subscribers.

`tests/local/server/test_moto_budgets.py` asserts the stock behaviour of each beside the changed one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Budget
from moto.budgets.responses import BudgetsResponse

_MATCHED = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")


def _budget(response: BudgetsResponse, name: str) -> Budget:
    account = response._get_param("AccountId") or response.current_account
    response.backend.describe_budget(account, name)  # raises if there is none
    found: Budget = response.backend.budgets[account][name]
    return found


def _with_tags(stock: Callable[..., str]) -> Callable[..., str]:
    """Keep the tags a budget is made with; moto loses them."""

    def create_budget(self: BudgetsResponse) -> str:
        answer = stock(self)
        made = _budget(self, self._get_param("Budget")["BudgetName"])
        made.corral_tags = _tags(self._get_param("ResourceTags"))  # type: ignore[attr-defined]
        return answer

    return create_budget


def _tags(given: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in given or ()}


def _tagged(response: BudgetsResponse) -> dict[str, str]:
    """The tags of the budget whose ARN is given."""
    name = response._get_param("ResourceARN").partition(":budget/")[2]
    kept: dict[str, str] = _budget(response, name).corral_tags  # type: ignore[attr-defined]
    return kept


def _list_tags(self: BudgetsResponse) -> str:
    return json.dumps({"ResourceTags": [{"Key": k, "Value": v} for k, v in _tagged(self).items()]})


def _tag(self: BudgetsResponse) -> str:
    _tagged(self).update(_tags(self._get_param("ResourceTags")))
    return "{}"


def _untag(self: BudgetsResponse) -> str:
    kept = _tagged(self)
    for key in self._get_param("ResourceTagKeys"):
        kept.pop(key, None)
    return "{}"


def _update_budget(self: BudgetsResponse) -> str:
    """Replace a budget's settings; its alerts stay."""
    given = self._get_param("NewBudget")
    kept = _budget(self, given["BudgetName"])
    changed = Budget({"TimePeriod": kept.budget["TimePeriod"], **given}, [])
    kept.budget = changed.budget
    return "{}"


def _subscribers(self: BudgetsResponse) -> str:
    """Show who hears an alert, which is found by what it is about."""
    asked, name = self._get_param("Notification"), self._get_param("BudgetName")
    for alert in _budget(self, name).notifications:
        if all(alert.details.get(key) == asked.get(key) for key in _MATCHED):
            return json.dumps({"Subscribers": alert.subscribers})
    raise NotFoundException(f"Unable to get subscribers - the notification of {name} doesn't exist.")


CHANGES: list[tuple[Any, str, Any]] = [
    (BudgetsResponse, "create_budget", _with_tags(BudgetsResponse.create_budget)),
    (BudgetsResponse, "update_budget", _update_budget),
    (BudgetsResponse, "describe_subscribers_for_notification", _subscribers),
    (BudgetsResponse, "list_tags_for_resource", _list_tags),
    (BudgetsResponse, "tag_resource", _tag),
    (BudgetsResponse, "untag_resource", _untag),
]
