"""IAM policy documents of a template: statements whose ARNs leave partition, region and account to CloudFormation."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_POLICY_CHARACTERS = 6_144  # of a managed policy, white space not counted
MAX_POLICIES_OF_A_ROLE = 10

_PSEUDO = ("AWS::Partition", "AWS::Region", "AWS::AccountId")


class Sub(str):
    """A text in which CloudFormation fills in partition, region and account: Fn::Sub.

    IAM's own variables, such as ${aws:PrincipalTag/x}, are written as IAM wants them; the template escapes them.
    """

    __slots__ = ()

    def escaped(self) -> str:
        """Return it as Fn::Sub takes it: what is not CloudFormation's own is left for IAM."""
        text = self.replace("${", "${!")
        for name in _PSEUDO:
            text = text.replace(f"${{!{name}}}", f"${{{name}}}")
        return text

    def filled(self, partition: str, region: str, account: str) -> str:
        """Return it as it is in the account."""
        text = str(self)
        for name, value in zip(_PSEUDO, (partition, region, account), strict=True):
            text = text.replace(f"${{{name}}}", value)
        return text


def arn(service: str, resource: str) -> Sub:
    """Return the ARN of a resource of the template's account and region."""
    return Sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


def global_arn(service: str, resource: str) -> Sub:
    """Return the ARN of a resource of the account that has no region, such as a role."""
    return Sub(f"arn:${{AWS::Partition}}:{service}::${{AWS::AccountId}}:{resource}")


def bucket_arn(name: str) -> Sub:
    """Return the ARN of a bucket or of objects in it."""
    return Sub(f"arn:${{AWS::Partition}}:s3:::{name}")


@dataclass(frozen=True)
class Statement:
    """One thing that is allowed: actions, on resources, under conditions."""

    name: str
    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return it as IAM writes it."""
        said: dict[str, Any] = {
            "Sid": self.name,
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": list(self.resources),
        }
        return {**said, "Condition": dict(self.conditions)} if self.conditions else said


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """Return a policy document."""
    return {"Version": "2012-10-17", "Statement": [statement.as_dict() for statement in statements]}


def filled(value: Any, partition: str, region: str, account: str) -> Any:
    """Return a document, or a part of one, as it is in an account."""
    if isinstance(value, Sub):
        return value.filled(partition, region, account)
    if isinstance(value, Mapping):
        return {key: filled(each, partition, region, account) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [filled(each, partition, region, account) for each in value]
    return value


def size(statements: Iterable[Statement], partition: str, region: str, account: str) -> int:
    """Return how many characters IAM counts of a managed policy."""
    return len(json.dumps(filled(document(statements), partition, region, account), separators=(",", ":")))


def split(
    statements: Sequence[Statement], partition: str, region: str, account: str
) -> list[list[Statement]]:
    """Return the statements as the fewest managed policies that hold them in this order.

    Raises ValueError when one statement alone is too long, or when there are more than a role may have.
    """
    policies: list[list[Statement]] = []
    for statement in statements:
        if policies and size([*policies[-1], statement], partition, region, account) <= MAX_POLICY_CHARACTERS:
            policies[-1].append(statement)
        elif size([statement], partition, region, account) <= MAX_POLICY_CHARACTERS:
            policies.append([statement])
        else:
            raise ValueError(f"statement {statement.name} is longer than a managed policy may be")
    if len(policies) > MAX_POLICIES_OF_A_ROLE:
        raise ValueError(f"{len(policies)} managed policies, and a role has at most {MAX_POLICIES_OF_A_ROLE}")
    return policies
