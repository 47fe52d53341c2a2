"""Every IAM role lives within the platform's permissions boundary."""

from collections.abc import Iterator

from policies.rule import Properties, Rule


def check(role: Properties) -> Iterator[str]:
    """Require a permissions boundary."""
    if not role.get("permissionsBoundary"):
        yield "has no permissionsBoundary; set it to the platform's boundary policy"


RULE = Rule(
    id="role-boundary",
    severity="high",
    enforcement="mandatory",
    why="The boundary is what a mistake in one role's policy cannot exceed.",
    link="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
    types=frozenset({"aws:iam/role:Role", "aws-native:iam:Role"}),
    check=check,
)
