"""Every rule of the policy pack, both ways: what passes, and what each violation is told."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import EnforcementLevel, ResourceValidationArgs

import policies
from policies import RULES
from policies.rule import Rule
from policies.table import PAGE, page
from tests.policies import cases

BY_ID = {rule.id: rule for rule in RULES}


def document(**statement: Any) -> str:
    return json.dumps(
        {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **statement}]}
    )


def hook(mode: str | None) -> dict[str, Any]:
    function = {"arn": "a"} if mode is None else {"arn": "a", "failureMode": mode}
    return {"beforeToolCall": {"name": "supervisor", "target": {"lambda": function}}}


OPEN = {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True}
TRAIL = {
    "isMultiRegionTrail": True,
    "enableLogFileValidation": True,
    "kmsKeyId": "k",
    "cloudWatchLogsGroupArn": "g",
}

PASSING: list[tuple[str, dict[str, Any]]] = [
    *cases.PASSING,
    ("gateway-authorizer", {"authorizerType": "AWS_IAM"}),
    ("gateway-enforcement", {"policyEngineConfiguration": {"arn": "a", "mode": "ENFORCE"}}),
    ("policy-enforcement", {}),
    ("policy-enforcement", {"enforcementMode": "ACTIVE", "validationMode": "FAIL_ON_ANY_FINDINGS"}),
    ("role-boundary", {"permissionsBoundary": "arn"}),
    ("wildcard-actions", {"policy": document()}),
    ("wildcard-actions", {"policy": document(Action=["kms:*", "s3:Get*"])}),
    ("wildcard-actions", {"policy": document(Effect="Deny", Action="*")}),
    ("wildcard-actions", {"policy": json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:Get*"}})}),
    ("wildcard-actions", {}),
    ("harness-tools", {"allowedTools": []}),
    ("harness-tools", {"allowedTools": ["@tools/refund-issue___refund-issue"]}),
    ("harness-hooks", {"hooks": [hook("deny"), {"afterInvocation": {"name": "usage"}}]}),
    ("bucket-public-access", {**OPEN, "restrictPublicBuckets": True}),
    ("function-tracing", {"tracingConfig": {"mode": "Active"}}),
    ("function-concurrency", {"reservedConcurrentExecutions": 0}),
    ("function-encryption", {"kmsKeyArn": "arn"}),
    ("function-url", {"authorizationType": "AWS_IAM"}),
    ("log-retention", {"retentionInDays": 183}),
    ("log-retention", {"retentionInDays": 0}),
    ("log-encryption", {"kmsKeyId": "arn"}),
    ("customer-keys", {"kmsKeyArn": "arn"}),
    ("customer-keys", {"encryptionKeyArn": "arn"}),
    ("trail", TRAIL),
]
VIOLATING: list[tuple[str, dict[str, Any], str]] = [
    *cases.VIOLATING,
    ("gateway-authorizer", {"authorizerType": "NONE"}, "authorizerType is NONE"),
    ("gateway-authorizer", {}, "authorizerType is None"),
    ("gateway-enforcement", {"policyEngineConfiguration": {"mode": "LOG_ONLY"}}, "mode is LOG_ONLY"),
    ("gateway-enforcement", {}, "has no policyEngineConfiguration"),
    ("policy-enforcement", {"enforcementMode": "LOG_ONLY"}, "enforcementMode is LOG_ONLY"),
    (
        "policy-enforcement",
        {"validationMode": "IGNORE_ALL_FINDINGS"},
        "validationMode is IGNORE_ALL_FINDINGS",
    ),
    ("role-boundary", {}, "has no permissionsBoundary"),
    ("wildcard-actions", {"policy": document(Action="*", Sid="All")}, "statement All: allows action *"),
    ("wildcard-actions", {"policy": document(Action=["s3:Get*", "*"])}, "allows action *"),
    ("wildcard-actions", {"policy": json.loads(document(Action="*:*"))}, "allows action *"),
    ("wildcard-actions", {"policy": document(NotAction="iam:*")}, "allows by NotAction"),
    ("wildcard-actions", {"inlinePolicies": [{"policy": document(Action="*")}]}, "inlinePolicies[0].policy"),
    ("harness-tools", {}, "has no allowedTools"),
    ("harness-tools", {"allowedTools": ["*"]}, "the glob '*'"),
    ("harness-tools", {"allowedTools": ["@tools/refund-*"]}, "the glob '@tools/refund-*'"),
    ("harness-tools", {"allowedTools": ["shell"]}, "the built-in tool 'shell'"),
    ("harness-tools", {"allowedTools": ["file_read"]}, "the built-in tool 'file_read'"),
    ("harness-tools", {"allowedTools": ["@builtin/browser"]}, "the built-in tool '@builtin/browser'"),
    ("harness-tools", {"allowedTools": ["@tools"]}, "the whole server '@tools'"),
    ("harness-hooks", {}, "has no beforeToolCall hook"),
    ("harness-hooks", {"hooks": [{"afterToolCall": {"name": "x"}}]}, "has no beforeToolCall hook"),
    ("harness-hooks", {"hooks": [hook("allow")]}, "hook supervisor: failureMode is allow"),
    ("harness-hooks", {"hooks": [hook("deny"), hook(None)]}, "hook supervisor: failureMode is None"),
    (
        "harness-hooks",
        {"hooks": [{"beforeToolCall": {"name": "n", "target": {"sns": {"arn": "a"}}}}]},
        "has no beforeToolCall hook on a function",
    ),
    ("bucket-public-access", OPEN, "restrictPublicBuckets must be true"),
    ("bucket-public-access", {**OPEN, "restrictPublicBuckets": False}, "restrictPublicBuckets must be true"),
    ("function-tracing", {"tracingConfig": {"mode": "PassThrough"}}, "tracingConfig.mode is PassThrough"),
    ("function-tracing", {}, "tracingConfig.mode is None"),
    ("function-concurrency", {}, "has no reservedConcurrentExecutions"),
    ("function-concurrency", {"reservedConcurrentExecutions": -1}, "has no reservedConcurrentExecutions"),
    ("function-encryption", {}, "has no kmsKeyArn"),
    ("function-url", {"authorizationType": "NONE"}, "authorizationType is NONE"),
    ("log-retention", {}, "has no retentionInDays"),
    ("log-retention", {"retentionInDays": 180}, "retentionInDays is 180; at least 183 days"),
    ("log-encryption", {}, "has no kmsKeyId"),
    ("customer-keys", {}, "has no customer key"),
    ("trail", {**TRAIL, "isMultiRegionTrail": False}, "isMultiRegionTrail must be true"),
    ("trail", {**TRAIL, "enableLogFileValidation": None}, "enableLogFileValidation must be true"),
    ("trail", {**TRAIL, "kmsKeyId": ""}, "has no kmsKeyId"),
    ("trail", {**TRAIL, "enableLogging": False}, "enableLogging must not be false"),
    ("trail", {**TRAIL, "cloudWatchLogsGroupArn": None}, "has no cloudWatchLogsGroupArn"),
]


def reported(rule: Rule, properties: dict[str, Any]) -> list[str]:
    """Run a rule as the Pulumi CLI would: as a policy of the pack, with the SDK's own arguments."""
    policy = next(policy for policy in pack() if policy.name == rule.id)
    found: list[str] = []
    options = dict.fromkeys(
        ("protect", "ignore_changes", "delete_before_replace", "aliases", "custom_timeouts"), None
    )
    options["additional_secret_outputs"] = None
    for token in sorted(rule.types):
        args = ResourceValidationArgs(token, properties, "urn", "name", options, None, None)
        policy.validate(args, lambda message, urn=None: found.append(message))
    assert len(set(found)) <= len(found)
    return found[: len(found) // len(rule.types)]


def pack() -> list[Any]:
    return list(import_module("policies.__main__").policies())


@pytest.mark.control("runtime-network", "knowledge-keys", "alarm-actions")
@pytest.mark.parametrize(("rule", "properties"), PASSING)
def test_what_is_right_passes(rule, properties):
    assert list(BY_ID[rule].check(properties)) == []
    assert reported(BY_ID[rule], properties) == []


@pytest.mark.control(
    "runtime-network",
    "knowledge-keys",
    "alarm-actions",
    "gateway-authorizer",
    "trail",
    "role-limits",
    "function-hardening",
)
@pytest.mark.parametrize(("rule", "properties", "expected"), VIOLATING)
def test_what_is_wrong_is_told(rule, properties, expected):
    (message,) = BY_ID[rule].check(properties)
    assert expected in message
    assert reported(BY_ID[rule], properties) == [message]


def test_every_rule_is_tested_both_ways_explained_and_in_the_pack():
    assert {rule for rule, _ in PASSING} == set(BY_ID)
    assert {rule for rule, _, _ in VIOLATING} == set(BY_ID)
    assert len(BY_ID) == len(RULES)
    for rule in RULES:
        assert len(rule.why) > 20
        assert rule.link.startswith("https://docs.aws.amazon.com/")
        assert rule.types
    files = {file.stem for file in Path(policies.__file__).parent.glob("*.py")} - {
        "__init__",
        "__main__",
        "documents",
        "rule",
        "table",
    }
    assert {rule.check.__module__ for rule in RULES} == {f"policies.{file}" for file in files}


def test_mandatory_rules_are_mandatory_in_the_pack_too():
    assert {policy.name: policy.enforcement_level for policy in pack()} == {
        rule.id: EnforcementLevel(rule.enforcement) for rule in RULES
    }


def test_a_rule_leaves_other_types_alone():
    policy = next(policy for policy in pack() if policy.name == "function-url")
    args = ResourceValidationArgs("aws:sqs/queue:Queue", {}, "urn", "name", None, None, None)
    policy.validate(args, lambda message, urn=None: pytest.fail(message))


def test_the_page_lists_the_rules():
    assert PAGE.read_text() == page(), "run python -m policies.table"
    for rule in RULES:
        assert f"| `{rule.id}` |" in page()
