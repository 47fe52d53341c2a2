"""A team's monthly budget: what AWS bills for the team's tags, and who hears before it is spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import budgets

from components.site import Shared
from components.tags import TEAM_TAG

# When a team is told, in percent of its budget: of what was spent, and of what AWS expects by the month's end.
ALERTS: tuple[tuple[str, int], ...] = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
OVERSPENT = ("ACTUAL", 100)  # the platform's owner hears that one as well


@dataclass(frozen=True)
class BudgetArgs:
    """Arguments of a Budget. `monthly_usd` is in US dollars, `platform_email` hears of what is overspent."""

    shared: Shared
    monthly_usd: float
    topic_arn: Input[str]
    platform_email: str


class Budget(ComponentResource):
    """A budget of the costs that carry the team's tag in this region. It tells, and stops nothing.

    Credits and refunds are left out: they would hide what an agent that runs away costs.
    """

    def __init__(self, name: str, args: BudgetArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Budget", name, None, opts)
        shared = args.shared
        budget = budgets.Budget(
            f"{name}-monthly",
            name=budget_name(shared),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=amount(args.monthly_usd),
            limit_unit="USD",
            cost_filters=_filters(shared),
            cost_types=budgets.BudgetCostTypesArgs(include_credit=False, include_refund=False),
            notifications=[_alert(kind, percent, args) for kind, percent in ALERTS],
            tags=shared.tags.as_dict(),
            opts=ResourceOptions(parent=self),
        )
        self.name = budget.name
        self.register_outputs({"name": self.name})


def budget_name(shared: Shared) -> str:
    """The name of a team's budget."""
    return shared.site.name("team", shared.owner)


def amount(usd: float) -> str:
    """Return an amount as AWS writes it: no exponent, no digits that say nothing."""
    return format(Decimal(str(usd)).normalize(), "f")


def _filters(shared: Shared) -> Sequence[budgets.BudgetCostFilterArgs]:
    """Different filters must all fit. A tag that people gave is written `user:<key>$<value>`.

    The region keeps environments of one account apart, each of which has a region of its own.
    """
    tag = f"user:{TEAM_TAG}${shared.tags.as_dict()[TEAM_TAG]}"
    return [
        budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[tag]),
        budgets.BudgetCostFilterArgs(name="Region", values=[shared.site.region]),
    ]


def _alert(kind: str, percent: int, args: BudgetArgs) -> budgets.BudgetNotificationArgs:
    """A budget takes one topic for each alert, so the platform hears by e-mail."""
    return budgets.BudgetNotificationArgs(
        notification_type=kind,
        comparison_operator="GREATER_THAN",
        threshold=percent,
        threshold_type="PERCENTAGE",
        subscriber_sns_topic_arns=[args.topic_arn],
        subscriber_email_addresses=[args.platform_email] if (kind, percent) == OVERSPENT else None,
    )
