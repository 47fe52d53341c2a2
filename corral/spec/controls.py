"""The controls a platform is held to, by name: what a waiver may name. corral/audit/controls says what each is."""

from typing import Literal

ControlId = Literal[
    "agentcore-keys",
    "alarm-actions",
    "approvals",
    "audit-immutability",
    "bucket-protection",
    "cascade-limits",
    "change-alerts",
    "data-encryption",
    "dead-letters",
    "decision-records",
    "function-hardening",
    "gateway-authorizer",
    "granted-tools-only",
    "guardrail",
    "inventory",
    "knowledge-keys",
    "log-retention",
    "role-limits",
    "runtime-network",
    "suspension",
    "team-isolation",
    "tool-supply-chain",
    "trail",
    "trail-coverage",
]
