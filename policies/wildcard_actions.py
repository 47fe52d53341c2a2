"""No policy allows every action."""

from collections.abc import Iterator

from policies.documents import allowing, listed
from policies.rule import SECURITY_HUB, Properties, Rule

_EVERYTHING = ("*", "*:*")


def check(resource: Properties) -> Iterator[str]:
    """Refuse Allow statements whose action is `*`, or that name only what is not allowed (NotAction)."""
    documents = [("policy", resource.get("policy"))]
    for index, inline in enumerate(resource.get("inlinePolicies") or ()):
        documents.append((f"inlinePolicies[{index}].policy", inline.get("policy")))
    for where, document in documents:
        for name, statement in allowing(document):
            if "NotAction" in statement:
                yield f"{where}, statement {name}: allows by NotAction; list the actions it needs"
            if any(action in _EVERYTHING for action in listed(statement.get("Action", ()))):
                yield f"{where}, statement {name}: allows action *; list the actions it needs"


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
