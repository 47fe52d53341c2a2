"""What event patterns of alerts are made of: calls that CloudTrail records, and who made them.

Names of operations are given by how they begin: one that AWS adds tomorrow is covered too.
"""

from collections.abc import Sequence
from typing import Any

from pulumi_aws import get_caller_identity_output

from components.boundary import bootstrapped
from components.site import Site
from corral.spec.names import bootstrap_path

Pattern = dict[str, Any]

RULES = "alert"  # how the rules' names begin, after the environment's
ALARM_RULES = "alarm"  # and those of rules that act on alarms


def others_than_deployers(site: Site) -> Pattern:
    """Return what fits whoever is none of the bootstrap's deployers or, in an account without, not who deploys now."""
    if bootstrapped():
        start = site.global_arn("iam", f"role{bootstrap_path(site.environment)}{site.name('deployer')}")
        return other_roles("arn", {"prefix": start})
    return {"userIdentity": get_caller_identity_output().arn.apply(_but)}


def _but(arn: str) -> Pattern:
    kind, _, rest = arn.split(":", 5)[5].partition("/")
    if kind == "assumed-role":
        return dict(other_roles("userName", [rest.partition("/")[0]])["userIdentity"])
    return {"arn": [{"anything-but": [arn]}, {"exists": False}]}


def other_roles(field: str, known: Any) -> Pattern:
    """Return what fits whoever is no session of known roles: sessions of others, users, the account's root."""
    other = [{"anything-but": known}, {"exists": False}]
    return {"userIdentity": {"sessionContext": {"sessionIssuer": {field: other}}}}


def of(service: str, names: Sequence[Any], **parameters: Any) -> list[dict[str, Any]]:
    """Return calls of a service by name, one of whose parameters has one of some values."""
    return [
        {
            "eventSource": [f"{service}.amazonaws.com"],
            "eventName": list(names),
            "requestParameters": {name: values},
        }
        for name, values in parameters.items()
    ]


def begins(*prefixes: str) -> list[dict[str, str]]:
    """Return what fits any text that begins so."""
    return [{"prefix": prefix} for prefix in prefixes]
