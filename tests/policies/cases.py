"""More cases of rules: what passes, and what each violation is told."""

import json
from typing import Any

ALARM = {"alarmActions": ["topic"], "metricName": "Errors", "treatMissingData": "breaching"}
CUSTOMER = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn"}
CAPS = {"maxIterations": 10, "maxTokens": 4096, "timeoutSeconds": 120}
ATTACK = {"type": "PROMPT_ATTACK", "inputStrength": "HIGH", "outputStrength": "NONE"}
PERSONAL = {"type": "EMAIL", "action": "ANONYMIZE"}
GUARDRAIL = {
    "contentPolicyConfig": {"filtersConfig": [ATTACK]},
    "sensitiveInformationPolicyConfig": {"piiEntitiesConfig": [PERSONAL]},
    "contextualGroundingPolicyConfig": {"filtersConfig": [{"type": "GROUNDING", "threshold": 0.7}]},
}


def lock(mode: str | None, **kept: int) -> dict[str, Any]:
    return {"rule": {"defaultRetention": {"mode": mode, **kept}}}


def sse(**default: str) -> dict[str, Any]:
    return {"rules": [{"applyServerSideEncryptionByDefault": default}]}


def allow(key: str, **stated: Any) -> dict[str, Any]:
    return {key: json.dumps({"Statement": [{"Effect": "Allow", "Sid": "S", **stated}]})}


def tls(effect: str = "Deny", action: Any = ("s3:*",), secure: Any = "false") -> dict[str, Any]:
    condition = {"Bool": {"aws:SecureTransport": secure}}
    stated = {"Effect": effect, "Principal": "*", "Action": action, "Resource": "*", "Condition": condition}
    return {"policy": json.dumps({"Statement": [stated]})}


def trusted(principal: Any, **condition: Any) -> dict[str, Any]:
    stated: dict[str, Any] = {"Principal": principal, "Action": "sts:AssumeRole"}
    return allow("assumeRolePolicy", **stated, **({"Condition": condition} if condition else {}))


def passed(resource: str, **condition: Any) -> dict[str, Any]:
    return allow("policy", Action=["iam:PassRole"], Resource=resource, Condition=condition)


TO_LAMBDA = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
OWN = {"StringEquals": {"aws:SourceAccount": "111122223333"}}

SPENT = {
    "notificationType": "ACTUAL", "comparisonOperator": "GREATER_THAN", "threshold": 80, "thresholdType": "PERCENTAGE",
    "subscriberSnsTopicArns": ["topic"],
}  # fmt: skip
EXPECTED = {**SPENT, "notificationType": "FORECASTED", "threshold": 100}

PASSING: list[tuple[str, dict[str, Any]]] = [
    ("alarm-action", ALARM),
    ("alarm-action", {"alarmActions": ["topic"], "alarmRule": "ALARM(a)"}),
    ("budget-alerts", {"notifications": [SPENT, EXPECTED]}),
    ("bucket-encryption", sse(**CUSTOMER)),
    ("bucket-lock", lock("GOVERNANCE", days=183)),
    ("bucket-lock", lock("COMPLIANCE", years=1)),
    ("bucket-tls", tls()),
    ("bucket-tls", tls(action="s3:*", secure=False)),
    ("bucket-versioning", {"versioningConfiguration": {"status": "Enabled"}}),
    ("function-permission", {"principal": "scheduler.amazonaws.com", "sourceAccount": "111122223333"}),
    ("function-permission", {"principal": "arn:aws:iam::111122223333:role/r"}),
    ("function-permission", {"principal": "*", "principalOrgId": "o-1"}),
    ("function-runtime", {"runtime": "python3.13"}),
    ("function-runtime", {"packageType": "Image"}),
    ("guardrail-filters", GUARDRAIL),
    ("harness-caps", CAPS),
    ("key-rotation", {"enableKeyRotation": True}),
    ("key-rotation", {"customerMasterKeySpec": "RSA_2048"}),
    ("knowledge-encryption", {"serverSideEncryptionConfiguration": {"kmsKeyArn": "arn"}}),
    ("message-encryption", {"kmsMasterKeyId": "arn"}),
    ("pass-role", passed("arn:aws:iam::1:role/r", **TO_LAMBDA)),
    ("pass-role", allow("policy", Action="s3:GetObject", Resource="*")),
    ("role-trust", trusted({"Service": "lambda.amazonaws.com"}, **OWN)),
    ("role-trust", trusted({"Service": "cloudtrail.amazonaws.com"})),
    ("role-trust", trusted({"AWS": ["arn:aws:iam::111122223333:role/people"]})),
    ("runtime-network", {"networkConfiguration": {"networkMode": "VPC"}}),
    ("event-dead-letters", {"deadLetterConfig": {"arn": "arn"}}),
    ("schedule-dead-letters", {"target": {"deadLetterConfig": {"arn": "arn"}}}),
    ("secret-encryption", {"kmsKeyId": "arn"}),
    ("stream-encryption", {"serverSideEncryption": {"enabled": True, "keyType": "CUSTOMER_MANAGED_CMK"}}),
    ("table-encryption", {"serverSideEncryption": {"enabled": True, "kmsKeyArn": "arn"}}),
]
VIOLATING: list[tuple[str, dict[str, Any], str]] = [
    ("alarm-action", {**ALARM, "alarmActions": []}, "has no alarmActions"),
    ("alarm-action", {**ALARM, "actionsEnabled": False}, "actionsEnabled must not be false"),
    ("alarm-action", {**ALARM, "treatMissingData": None}, "has no treatMissingData"),
    ("budget-alerts", {"notifications": [SPENT]}, "has no FORECASTED notification"),
    ("budget-alerts", {"notifications": [SPENT, {**EXPECTED, "threshold": 101}]}, "has no FORECASTED"),
    (
        "budget-alerts",
        {"notifications": [SPENT, {**EXPECTED, "thresholdType": "ABSOLUTE_VALUE"}]},
        "no FORECASTED",
    ),
    ("budget-alerts", {"notifications": [EXPECTED]}, "has no ACTUAL notification"),
    (
        "budget-alerts",
        {"notifications": [{**SPENT, "subscriberSnsTopicArns": []}, EXPECTED]},
        "has no ACTUAL notification that people hear",
    ),
    ("bucket-encryption", {}, "not encrypted with a customer key"),
    ("bucket-encryption", sse(sseAlgorithm="AES256"), "not encrypted with a customer key"),
    ("bucket-encryption", sse(sseAlgorithm="aws:kms"), "not encrypted with a customer key"),
    ("bucket-lock", lock(None, days=400), "defaultRetention.mode is None"),
    ("bucket-lock", lock("GOVERNANCE", days=30), "keeps 30 days; at least 183"),
    ("bucket-tls", tls(effect="Allow"), "no statement that denies s3:*"),
    ("bucket-tls", tls(action="s3:GetObject"), "no statement that denies s3:*"),
    ("bucket-tls", tls(secure="true"), "no statement that denies s3:*"),
    ("bucket-tls", {}, "no statement that denies s3:*"),
    ("bucket-versioning", {"versioningConfiguration": {"status": "Suspended"}}, "status is Suspended"),
    ("function-permission", {"principal": "*"}, "lets anybody invoke"),
    ("function-permission", {"principal": "s3.amazonaws.com"}, "lets s3.amazonaws.com invoke"),
    ("function-runtime", {"runtime": "python3.8"}, "runtime is python3.8"),
    (
        "guardrail-filters",
        {**GUARDRAIL, "contentPolicyConfig": {"filtersConfig": [{**ATTACK, "inputStrength": "LOW"}]}},
        "inputStrength LOW",
    ),
    (
        "guardrail-filters",
        {
            **GUARDRAIL,
            "sensitiveInformationPolicyConfig": {"piiEntitiesConfig": [{**PERSONAL, "outputEnabled": False}]},
        },
        "no piiEntitiesConfig",
    ),
    ("guardrail-filters", {**GUARDRAIL, "contextualGroundingPolicyConfig": None}, "no contextual filter"),
    ("harness-caps", {**CAPS, "maxTokens": None}, "has no maxTokens"),
    ("key-rotation", {}, "enableKeyRotation must be true"),
    ("knowledge-encryption", {}, "has no serverSideEncryptionConfiguration.kmsKeyArn"),
    ("message-encryption", {}, "has no kmsMasterKeyId"),
    ("pass-role", passed("*", **TO_LAMBDA), "on every role"),
    ("pass-role", passed("arn:aws:iam::1:role/r"), "to any service"),
    ("role-trust", trusted("*"), "anybody may take the role"),
    ("role-trust", trusted({"AWS": "*"}), "anybody may take the role"),
    ("role-trust", trusted({"Service": "lambda.amazonaws.com"}), "for any account"),
    ("runtime-network", {"networkConfiguration": {"networkMode": "PUBLIC"}}, "networkMode is PUBLIC"),
    ("runtime-network", {}, "networkMode is None"),
    ("event-dead-letters", {"arn": "arn"}, "has no deadLetterConfig"),
    ("event-dead-letters", {"deadLetterConfig": {}}, "has no deadLetterConfig"),
    ("schedule-dead-letters", {"target": {}}, "has no target.deadLetterConfig"),
    ("secret-encryption", {}, "has no kmsKeyId"),
    ("stream-encryption", {"serverSideEncryption": {"enabled": True}}, "CUSTOMER_MANAGED_CMK"),
    ("table-encryption", {"serverSideEncryption": {"enabled": True}}, "with a kmsKeyArn"),
]
