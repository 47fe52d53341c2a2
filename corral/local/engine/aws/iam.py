"""IAM roles and policies."""

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs

_LONGEST_ROLE_NAME = 64
_LONGEST_POLICY_NAME = 128


def role(inputs: Inputs, context: Context) -> Created:
    """Create a role; `forceDetachPolicies` matters at destruction only."""
    name = context.name_of(limit=_LONGEST_ROLE_NAME)
    role_tags = tags.take_tags(inputs)
    path = inputs.take("path", "/")
    parameters = {
        "Path": path,
        "AssumeRolePolicyDocument": inputs.need("assumeRolePolicy"),
        "Description": inputs.take("description"),
        "MaxSessionDuration": inputs.take("maxSessionDuration"),
        "PermissionsBoundary": inputs.take("permissionsBoundary"),
        "Tags": tags.as_list(role_tags),
    }
    inline = [(block.need("name"), block.need("policy")) for block in inputs.blocks("inlinePolicies")]
    managed = inputs.take("managedPolicyArns") or []
    inputs.take("forceDetachPolicies")
    inputs.close()
    created = context.call("iam", "create_role", RoleName=name, **parameters)["Role"]
    for policy_name, document in inline:
        context.call("iam", "put_role_policy", RoleName=name, PolicyName=policy_name, PolicyDocument=document)
    for arn in managed:
        context.call("iam", "attach_role_policy", RoleName=name, PolicyArn=arn)
    return name, {
        "name": name,
        "arn": created["Arn"],
        "path": path,
        "uniqueId": created["RoleId"],
        "createDate": created["CreateDate"].isoformat(),
        **tags.outputs(role_tags),
    }


def role_policy(inputs: Inputs, context: Context) -> Created:
    """Put an inline policy on a role."""
    name = context.name_of(limit=_LONGEST_POLICY_NAME)
    role_name, document = inputs.need("role"), inputs.need("policy")
    inputs.close()
    context.call("iam", "put_role_policy", RoleName=role_name, PolicyName=name, PolicyDocument=document)
    return f"{role_name}:{name}", {"name": name}


def policy(inputs: Inputs, context: Context) -> Created:
    """Create a managed policy."""
    name = context.name_of(limit=_LONGEST_POLICY_NAME)
    policy_tags = tags.take_tags(inputs)
    path = inputs.take("path", "/")
    parameters = {
        "Path": path,
        "PolicyDocument": inputs.need("policy"),
        "Description": inputs.take("description"),
        "Tags": tags.as_list(policy_tags),
    }
    inputs.take("delayAfterPolicyCreationInMs")
    inputs.close()
    created = context.call("iam", "create_policy", PolicyName=name, **parameters)["Policy"]
    return created["Arn"], {
        "name": name,
        "arn": created["Arn"],
        "path": path,
        "policyId": created["PolicyId"],
        **tags.outputs(policy_tags),
    }


def attachment(inputs: Inputs, context: Context) -> Created:
    """Attach a managed policy to a role."""
    role_name, arn = inputs.need("role"), inputs.need("policyArn")
    inputs.close()
    context.call("iam", "attach_role_policy", RoleName=role_name, PolicyArn=arn)
    return f"{role_name}/{arn}", {}


HANDLERS: dict[str, Handler] = {
    "aws:iam/role:Role": role,
    "aws:iam/rolePolicy:RolePolicy": role_policy,
    "aws:iam/policy:Policy": policy,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": attachment,
}
