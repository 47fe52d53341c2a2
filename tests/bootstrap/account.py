"""An account that a bootstrap template was deployed to: its roles and policies, on a local AWS."""

import json
from dataclasses import dataclass
from typing import Any

import cfnlint.decode.cfn_yaml

from corral.local.session import Session


@dataclass(frozen=True)
class Template:
    """A rendered template, with what CloudFormation fills in filled in."""

    resources: dict[str, Any]
    account: str
    region: str

    @classmethod
    def of(cls, text: str, account: str, region: str) -> "Template":
        """Read a template. Functions it does not use make this fail."""
        read = cfnlint.decode.cfn_yaml.loads(text)
        plain = json.loads(json.dumps(read))
        return cls(plain["Resources"], account, region)

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Logical name to properties of each resource of a type."""
        return {
            name: self.filled(resource["Properties"])
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def filled(self, value: Any) -> Any:
        """A part of the template as CloudFormation hands it on."""
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Fn::Sub"}:
            return self._sub(value["Fn::Sub"])
        if set(value) == {"Ref"}:
            return self.ref(value["Ref"])
        if set(value) == {"Fn::GetAtt"}:
            return f"arn of {value['Fn::GetAtt'][0]}"
        return {key: self.filled(each) for key, each in value.items()}

    def ref(self, name: str) -> str:
        """What Ref gives."""
        pseudo = {"AWS::Region": self.region, "AWS::AccountId": self.account, "AWS::Partition": "aws"}
        if name in pseudo:
            return pseudo[name]
        resource = self.resources[name]
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            properties = self.filled(resource["Properties"])
            return f"arn:aws:iam::{self.account}:policy{properties['Path']}{properties['ManagedPolicyName']}"
        return name

    def _sub(self, text: str) -> str:
        for name in ("AWS::Region", "AWS::AccountId", "AWS::Partition"):
            text = text.replace(f"${{{name}}}", self.ref(name))
        return text.replace("${!", "${")


def deploy(template: Template, session: Session) -> dict[str, str]:
    """Make the template's policies and roles on a local AWS. Returns the roles' ARNs by logical name."""
    iam = session.client("iam")
    for policy in template.of_type("AWS::IAM::ManagedPolicy").values():
        iam.create_policy(
            PolicyName=policy["ManagedPolicyName"],
            Path=policy["Path"],
            PolicyDocument=json.dumps(policy["PolicyDocument"]),
        )
    made: dict[str, str] = {}
    for name, role in template.of_type("AWS::IAM::Role").items():
        answer = iam.create_role(
            RoleName=role["RoleName"],
            Path=role["Path"],
            AssumeRolePolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]),
            MaxSessionDuration=role["MaxSessionDuration"],
            Tags=role.get("Tags", []),
        )
        for arn in role["ManagedPolicyArns"]:
            iam.attach_role_policy(RoleName=role["RoleName"], PolicyArn=arn)
        made[name] = answer["Role"]["Arn"]
    return made
