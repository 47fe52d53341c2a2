"""IAM policy documents: grants, trust, and what a bucket refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi import Input, Output

from components.site import Site
from corral.spec.rights import session_name

Conditions = Mapping[str, Mapping[str, Any]]

# Services that send neither aws:SourceAccount nor aws:SourceArn: under the conditions they get no role.
WITHOUT_DEPUTY_CONDITIONS = {
    "cloudtrail.amazonaws.com": "CloudTrail's role for CloudWatch Logs supports neither key "
    "(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html)",
}


@dataclass(frozen=True)
class Grant:
    """One thing a role may do: actions, on resources, under conditions. `name` is the statement's Sid."""

    name: str
    actions: Sequence[str]
    resources: Sequence[Input[str]]
    conditions: Conditions = field(default_factory=dict)

    def statement(self) -> dict[str, Any]:
        """Return the grant as an IAM statement."""
        return _without_empty(
            {
                "Sid": self.name,
                "Effect": "Allow",
                "Action": list(self.actions),
                "Resource": list(self.resources),
                "Condition": self.conditions,
            }
        )


def policy(grants: Sequence[Grant]) -> Output[str]:
    """Return the policy document of a role's grants."""
    return document([grant.statement() for grant in grants])


def document(statements: Sequence[Mapping[str, Any]]) -> Output[str]:
    """Return a policy document of ready statements."""
    return Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def service_trust(site: Site, service: str, source: str | None) -> Output[str]:
    """Let an AWS service assume a role, for this account only and, where given, for the resource `source`."""
    conditions: dict[str, Any] = {}
    if service not in WITHOUT_DEPUTY_CONDITIONS:
        conditions["StringEquals"] = {"aws:SourceAccount": site.account}
        if source is not None:
            conditions["ArnLike"] = {"aws:SourceArn": source}
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": conditions,
    }
    return document([_without_empty(statement)])


def people_trust(principals: Sequence[str], named: Sequence[str] = ()) -> Output[str]:
    """Let IAM principals, which stand for people, assume a role; those `named` only under the name that is theirs.

    aws:PrincipalArn is the role's own ARN for whoever has assumed one, whatever their session's name.
    """
    allowed = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole"}
    other_names = [
        {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "ArnEquals": {"aws:PrincipalArn": principal},
                "StringNotEquals": {"sts:RoleSessionName": session_name(principal)},
            },
        }
        for principal in named
    ]
    return document([allowed, *other_names])


def named_trust(principals: Sequence[str]) -> Output[str]:
    """Let IAM principals assume a role, each in sessions of the one name that is theirs."""
    return document(
        [
            {
                "Effect": "Allow",
                "Principal": {"AWS": principal},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:RoleSessionName": session_name(principal)}},
            }
            for principal in principals
        ]
    )


def deny(
    name: str, actions: Sequence[str], resources: Sequence[Input[str]], conditions: Conditions
) -> dict[str, Any]:
    """Return a statement of a resource policy that refuses something to everybody."""
    return _without_empty(
        {
            "Sid": name,
            "Effect": "Deny",
            "Principal": "*",
            "Action": list(actions),
            "Resource": list(resources),
            "Condition": conditions,
        }
    )


def tls_only(action: str, resources: Sequence[Input[str]]) -> dict[str, Any]:
    """Return a statement of a resource policy that refuses plain HTTP."""
    return deny("TlsOnly", [action], resources, {"Bool": {"aws:SecureTransport": "false"}})


def from_events(site: Site, action: str, resource: Input[str], rules: str) -> dict[str, Any]:
    """Return a statement of a resource policy that lets rules of EventBridge do something, by how their names begin."""
    return {
        "Sid": "Rules",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": [action],
        "Resource": [resource],
        "Condition": {
            "StringEquals": {"aws:SourceAccount": site.account},
            "ArnLike": {"aws:SourceArn": site.arn("events", f"rule/{site.name(rules)}-*")},
        },
    }


def from_alarms(site: Site, topic_arn: Input[str]) -> dict[str, Any]:
    """Return a statement of a topic's policy that lets this account's alarms publish to it."""
    return {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["sns:Publish"],
        "Resource": topic_arn,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": site.account},
            "ArnLike": {"aws:SourceArn": site.arn("cloudwatch", "alarm:*")},
        },
    }


def from_budgets(site: Site, topic_arn: Input[str]) -> dict[str, Any]:
    """Return a statement of a topic's policy that lets this account's budgets publish to it."""
    return {
        "Sid": "Budgets",
        "Effect": "Allow",
        "Principal": {"Service": "budgets.amazonaws.com"},
        "Action": ["sns:Publish"],
        "Resource": topic_arn,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": site.account},
            "ArnLike": {"aws:SourceArn": site.global_arn("budgets", "*")},
        },
    }


def _without_empty(statement: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if value}
