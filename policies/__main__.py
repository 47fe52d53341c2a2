"""The policy pack for the Pulumi CLI: `pulumi up --policy-pack policies`."""

from collections.abc import Callable

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
)

from policies import RULES
from policies.rule import Rule


def validator(rule: Rule) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    """Make a rule a validation function of the policy SDK."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type in rule.types:
            for message in rule.check(args.props):
                report(message, None)

    return validate


def policies() -> list[ResourceValidationPolicy]:
    """Return every rule as a policy of the pack."""
    return [
        ResourceValidationPolicy(
            name=rule.id,
            description=rule.why,
            validate=validator(rule),
            enforcement_level=EnforcementLevel(rule.enforcement),
            severity=Severity(rule.severity),
            url=rule.link,
        )
        for rule in RULES
    ]


if __name__ == "__main__":
    PolicyPack(name="corral", policies=list(policies()))
