"""A function's policy lets in nobody unknown."""

from collections.abc import Iterator

from policies.rule import SECURITY_HUB, Properties, Rule


def check(permission: Properties) -> Iterator[str]:
    """Refuse anybody, and a service that may call for another account."""
    who = str(permission.get("principal"))
    if who == "*" and not permission.get("principalOrgId"):
        yield "lets anybody invoke the function; name who, or the organization"
    elif who.endswith(".amazonaws.com") and not permission.get("sourceAccount"):
        yield f"lets {who} invoke the function for any account; set sourceAccount"


RULE = Rule(
    id="function-permission",
    severity="critical",
    enforcement="mandatory",
    why="A tool or supervisor that a stranger can call answers past gateway and record.",
    link=f"{SECURITY_HUB}lambda-controls.html#lambda-1",
    types=frozenset({"aws:lambda/permission:Permission"}),
    check=check,
)
