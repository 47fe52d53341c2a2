"""No policy allows every action."""

import json
from collections.abc import Iterator
from typing import Any

from policies.rule import SECURITY_HUB, Properties, Rule

_EVERYTHING = ("*", "*:*")


def check(resource: Properties) -> Iterator[str]:
    """Refuse Allow statements whose action is `*`, or that name only what is not allowed (NotAction)."""
    documents = [("policy", resource.get("policy"))]
    for index, inline in enumerate(resource.get("inlinePolicies") or ()):
        documents.append((f"inlinePolicies[{index}].policy", inline.get("policy")))
    for where, document in documents:
        for statement in _statements(document):
            name = statement.get("Sid", "without a Sid")
            if statement.get("Effect") != "Allow":
                continue
            if "NotAction" in statement:
                yield f"{where}, statement {name}: allows by NotAction; list the actions it needs"
            if any(action in _EVERYTHING for action in _as_list(statement.get("Action", ()))):
                yield f"{where}, statement {name}: allows action *; list the actions it needs"


def _statements(document: Any) -> list[dict[str, Any]]:
    if not document:
        return []
    parsed = json.loads(document) if isinstance(document, str) else document
    return _as_list(parsed.get("Statement", ()))


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


RULE = Rule(
    id="wildcard-actions",
    severity="high",
    enforcement="mandatory",
    why="A policy that allows every action is an administrator's, whatever its name says.",
    link=f"{SECURITY_HUB}iam-controls.html#iam-1",
    types=frozenset(
        {
            "aws:iam/policy:Policy",
            "aws:iam/role:Role",
            "aws:iam/rolePolicy:RolePolicy",
            "aws:kms/key:Key",
            "aws:s3/bucketPolicy:BucketPolicy",
            "aws:secretsmanager/secret:Secret",
            "aws:sns/topic:Topic",
            "aws:sns/topicPolicy:TopicPolicy",
            "aws:sqs/queue:Queue",
        }
    ),
    check=check,
)
