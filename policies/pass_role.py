"""Roles are passed one by one."""

from collections.abc import Iterator

from policies.documents import allowing, listed
from policies.rule import Properties, Rule


def check(resource: Properties) -> Iterator[str]:
    """Refuse iam:PassRole on any role, or to any service."""
    for name, statement in allowing(resource.get("policy")):
        if not {"iam:PassRole", "iam:*"} & set(listed(statement.get("Action", ()))):
            continue
        if "*" in listed(statement.get("Resource", ())):
            yield f"statement {name}: iam:PassRole on every role; name the roles"
        if "iam:PassedToService" not in str(statement.get("Condition", "")):
            yield f"statement {name}: iam:PassRole to any service; set the condition iam:PassedToService"


RULE = Rule(
    id="pass-role",
    severity="high",
    enforcement="mandatory",
    why="AGENTSEC03: who may hand any role to a function of their own has that role.",
    link="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    types=frozenset({"aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy"}),
    check=check,
)
