"""The same question put to IAM's own policy simulator, on an account."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from corral.audit.access_account import Document, Role


class Simulator:
    """Decides with simulate_principal_policy, a request for each role and resource."""

    def __init__(self, iam: Any) -> None:
        self._iam = iam

    def allowed(
        self,
        role: Role,
        actions: Iterable[str],
        resource: str,
        context: Mapping[str, Any],
        policy: Document | None,
    ) -> Mapping[str, str]:
        """See Judge. The role's permissions boundary is taken into account by IAM itself."""
        request: dict[str, Any] = {
            "PolicySourceArn": role.arn,
            "ActionNames": list(actions),
            "ResourceArns": [resource],
            "ContextEntries": [
                {"ContextKeyName": key, "ContextKeyValues": [str(value)], "ContextKeyType": _kind(value)}
                for key, value in {**context, "aws:SecureTransport": "true"}.items()
            ],
        }
        if policy is not None:
            request |= {"ResourcePolicy": json.dumps(policy), "CallerArn": role.arn}
        pages = self._iam.get_paginator("simulate_principal_policy").paginate(**request)
        return {
            result["EvalActionName"]: _opened_by(result)
            for page in pages
            for result in page["EvaluationResults"]
            if result["EvalDecision"] == "allowed"
        }


def _kind(value: Any) -> str:
    return "boolean" if value in ("true", "false") else "string"


def _opened_by(result: Mapping[str, Any]) -> str:
    named = [statement["SourcePolicyId"] for statement in result.get("MatchedStatements", [])]
    return f"policy {named[0]}" if named else "IAM"
