"""The access matrix asks IAM's policy simulator what it asks our own evaluator."""

import json

import boto3
import pytest
from botocore.stub import ANY, Stubber

from corral.audit.access_account import Role
from corral.audit.access_live import Simulator

ROLE = Role("arn:aws:iam::111122223333:role/corral/dev/support/x", {}, {}, None, {})
RESOURCE = "arn:aws:lambda:us-east-1:111122223333:function:f:live"


@pytest.mark.parametrize("policy", [None, {"Statement": []}])
def test_a_role_and_a_resource_are_one_question(policy: dict[str, object] | None) -> None:
    client = boto3.client("iam", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    request = {
        "PolicySourceArn": ROLE.arn,
        "ActionNames": ["lambda:InvokeFunction", "lambda:AddPermission", "lambda:Other"],
        "ResourceArns": [RESOURCE],
        "ContextEntries": [
            {
                "ContextKeyName": "lambda:InvokedViaFunctionUrl",
                "ContextKeyValues": ["false"],
                "ContextKeyType": "boolean",
            },
            {"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["true"], "ContextKeyType": ANY},
        ],
    }
    if policy is not None:
        request |= {"ResourcePolicy": json.dumps(policy), "CallerArn": ROLE.arn}
    results = [
        {
            "EvalActionName": "lambda:InvokeFunction",
            "EvalDecision": "allowed",
            "MatchedStatements": [{"SourcePolicyId": "permissions"}],
        },
        {"EvalActionName": "lambda:AddPermission", "EvalDecision": "explicitDeny"},
        {"EvalActionName": "lambda:Other", "EvalDecision": "implicitDeny"},
    ]
    with Stubber(client) as stub:
        stub.add_response("simulate_principal_policy", {"EvaluationResults": results}, request)
        found = Simulator(client).allowed(
            ROLE, request["ActionNames"], RESOURCE, {"lambda:InvokedViaFunctionUrl": "false"}, policy
        )
    assert found == {"lambda:InvokeFunction": "policy permissions"}
