"""A role is taken by whom it is made for."""

from collections.abc import Iterator

from policies.documents import allowing, listed
from policies.rule import Properties, Rule

# Services that tell neither aws:SourceAccount nor aws:SourceArn, and so could not take the role at all.
WITHOUT_SOURCE = frozenset({"cloudtrail.amazonaws.com"})


def check(role: Properties) -> Iterator[str]:
    """Refuse anybody, and a service that acts for another account."""
    for name, statement in allowing(role.get("assumeRolePolicy")):
        principal = statement.get("Principal")
        if principal == "*" or (isinstance(principal, dict) and "*" in listed(principal.get("AWS", ()))):
            yield f"trust statement {name}: anybody may take the role; name who"
        services = listed(principal.get("Service", ())) if isinstance(principal, dict) else []
        told = str(statement.get("Condition", ""))
        for service in services:
            if (
                service not in WITHOUT_SOURCE
                and "aws:SourceAccount" not in told
                and "aws:SourceArn" not in told
            ):
                yield f"trust statement {name}: {service} may take it for any account; set aws:SourceAccount"


RULE = Rule(
    id="role-trust",
    severity="high",
    enforcement="mandatory",
    why="A service that acts for strangers must not do so with our role (the confused deputy).",
    link="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    types=frozenset({"aws:iam/role:Role"}),
    check=check,
)
