"""Every control: what must hold, where that is asked for, and what is looked at to tell.

Sources, each by the id it has there:
- Security Hub: the controls of AWS Security Hub CSPM (docs.aws.amazon.com/securityhub/latest/userguide)
- OWASP Agentic: OWASP's Top 10 for Agentic Applications for 2026 (genai.owasp.org)
- AWS Agentic AI Lens: AWS Well-Architected (docs.aws.amazon.com/wellarchitected/latest/agentic-ai-lens)
- NIST AI RMF: the Artificial Intelligence Risk Management Framework 1.0 (NIST AI 100-1)
- ISO 42001: ISO/IEC 42001:2023, Annex A
- EU AI Act: Regulation (EU) 2024/1689, by article, which binds who provides or deploys high-risk systems
"""

from collections.abc import Mapping
from dataclasses import dataclass

from corral.audit.control import Control, Standard
from corral.audit.controls import deployment
from corral.audit.controls.look import Look, check, paths, rule
from corral.spec.controls import ControlId


@dataclass(frozen=True)
class Assessed:
    """A control with the looks that tell whether it holds."""

    control: Control
    looks: tuple[Look, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules of the policy pack that are asked."""
        return tuple(name for look in self.looks for name in look.rules)


def _control(
    name: ControlId, title: str, looks: tuple[Look, ...], sources: Mapping[Standard, tuple[str, ...]]
) -> Assessed:
    return Assessed(Control(name, title, sources), looks)


def _is_tool_call(principal: str, action: str, resource: str) -> bool:
    return resource.startswith("tool ") or (resource.startswith("function ") and "-agent-" in principal)


def _is_elsewhere(principal: str, action: str, resource: str) -> bool:
    return not _is_tool_call(principal, action, resource) and principal != "anybody"


ASSESSED: tuple[Assessed, ...] = (
    _control(
        "gateway-authorizer",
        "The gateway of all tools asks every caller who it is.",
        (
            rule("gateway-authorizer", "gateway", "asking its callers for IAM's signature"),
            paths("paths of strangers to the gateway", lambda principal, *_: principal == "anybody"),
        ),
        {"Security Hub": ("BedrockAgentCore.2",), "OWASP Agentic": ("ASI03",)},
    ),
    _control(
        "agentcore-keys",
        "Gateway, memories, policy engine and evaluators are encrypted with a customer's key.",
        (
            rule(
                "customer-keys",
                "gateway, memory, policy engine or evaluator|gateways, memories, policy engines and evaluators",
                "under a customer's key",
            ),
        ),
        {"Security Hub": ("BedrockAgentCore.3", "BedrockAgentCore.4")},
    ),
    _control(
        "runtime-network",
        "Runtimes, browsers and code interpreters stay in a VPC.",
        (
            rule("runtime-network", "runtime, browser or code interpreter", "in a VPC", needed=False),
            Look(deployment.networks, ("harness-tools",)),
        ),
        {
            "Security Hub": tuple(f"BedrockAgentCore.{number}" for number in (1, 5, 6, 7)),
            "OWASP Agentic": ("ASI05",),
        },
    ),
    _control(
        "knowledge-keys",
        "What a knowledge base ingests is encrypted with a customer's key.",
        (
            rule(
                "knowledge-encryption", "knowledge base's data source", "under a customer's key", needed=False
            ),
        ),
        {"Security Hub": ("Bedrock.1",)},
    ),
    _control(
        "trail",
        "The trail records every region, is encrypted, can be proven whole, and is watched as it happens.",
        (
            rule("trail", "trail", "of all regions, encrypted, with digests, sent to a log group"),
            check("trail"),
        ),
        {
            "Security Hub": ("CloudTrail.1", "CloudTrail.2", "CloudTrail.4", "CloudTrail.5"),
            "AWS Agentic AI Lens": ("AGENTSEC05",),
            "ISO 42001": ("A.6.2.8",),
            "EU AI Act": ("12",),
        },
    ),
    _control(
        "trail-coverage",
        "The trail selects the events of every type of resource that is deployed.",
        (Look(deployment.coverage), check("selectors"), check("tables")),
        {"AWS Agentic AI Lens": ("AGENTSEC05",), "ISO 42001": ("A.6.2.8",), "EU AI Act": ("12",)},
    ),
    _control(
        "log-retention",
        "Logs and records are kept for at least 183 days, 400 unless told otherwise.",
        (rule("log-retention", "log group", "kept for at least 183 days"), Look(deployment.retention)),
        {"Security Hub": ("CloudWatch.16",), "EU AI Act": ("19", "26(6)")},
    ),
    _control(
        "alarm-actions",
        "Every alarm tells somebody, and says what silence means.",
        (
            rule(
                "alarm-action",
                "alarm",
                "with an action that is on, and a choice for missing data",
                needed=False,
            ),
            rule(
                "budget-alerts",
                "budget",
                "heard of at 100 percent or before, of what is spent and of what is expected",
                needed=False,
            ),
        ),
        {
            "Security Hub": ("CloudWatch.15", "CloudWatch.17"),
            "NIST AI RMF": ("MEASURE 2.4",),
            "ISO 42001": ("A.6.2.6",),
        },
    ),
    _control(
        "function-hardening",
        "Functions are traced, bounded, encrypted, on a runtime that AWS mends, and answer nobody who did not sign.",
        (
            rule("function-tracing", "function", "traced"),
            rule("function-concurrency", "function", "with a concurrency of its own"),
            rule("function-encryption", "function", "with its environment under a customer's key"),
            rule("function-runtime", "function", "on a runtime that AWS mends"),
            rule(
                "function-permission",
                "permission to call a function|permissions to call functions",
                "for one service of this account",
                needed=False,
            ),
            rule(
                "function-url",
                "URL of a function|URLs of functions",
                "for signed requests only",
                needed=False,
            ),
        ),
        {"Security Hub": ("Lambda.1", "Lambda.2", "Lambda.7")},
    ),
    _control(
        "role-limits",
        "Roles live within a boundary, name their actions, pass roles one by one, and are taken by whom they are for.",
        (
            rule("role-boundary", "role", "within a permissions boundary"),
            rule(
                "wildcard-actions",
                "policy of roles and resources|policies of roles and resources",
                "allowing no action *",
            ),
            rule(
                "pass-role",
                "policy of a role|policies of roles",
                "passing no role, or naming which and to whom",
            ),
            rule("role-trust", "role", "for this account's own, or for a service that acts for this account"),
        ),
        {"Security Hub": ("IAM.1",), "OWASP Agentic": ("ASI03",), "AWS Agentic AI Lens": ("AGENTSEC03",)},
    ),
    _control(
        "granted-tools-only",
        "An agent can call the tools it was granted, with the arguments it was granted, and nothing else.",
        (
            rule("gateway-enforcement", "gateway", "enforcing its policies"),
            rule("policy-enforcement", "Cedar policy|Cedar policies", "active", needed=False),
            rule("harness-tools", "agent", "naming the tools it may use", needed=False),
            paths("paths to tools", _is_tool_call),
        ),
        {"OWASP Agentic": ("ASI02", "ASI03"), "AWS Agentic AI Lens": ("AGENTSEC02",)},
    ),
    _control(
        "guardrail",
        "Prompt attacks are stopped, and personal data is held back in answers.",
        (
            rule(
                "guardrail-filters",
                "guardrail",
                "with prompt attacks at HIGH, personal data held back, and grounding set, which is not applied yet",
            ),
        ),
        {
            "OWASP Agentic": ("ASI01",),
            "AWS Agentic AI Lens": ("AGENTSEC04", "AGENTSEC08"),
            "NIST AI RMF": ("MEASURE 2.7",),
            "EU AI Act": ("15",),
        },
    ),
    _control(
        "tool-supply-chain",
        "The tools that are deployed are those of the files, by schema and by code, and the registry has them.",
        (Look(deployment.pinned_tools), Look(deployment.registered)),
        {"OWASP Agentic": ("ASI04",), "AWS Agentic AI Lens": ("AGENTSEC02",), "ISO 42001": ("A.4.4",)},
    ),
    _control(
        "team-isolation",
        "No team reaches another's memory, domains, front door or agents.",
        (paths("paths to all else", _is_elsewhere),),
        {
            "OWASP Agentic": ("ASI03", "ASI07"),
            "AWS Agentic AI Lens": ("AGENTSEC01", "AGENTSEC06"),
        },
    ),
    _control(
        "suspension",
        "An agent that is suspended is stopped at its very next step.",
        (Look(deployment.stops),),
        {
            "OWASP Agentic": ("ASI10",),
            "AWS Agentic AI Lens": ("AGENTSEC07",),
            "NIST AI RMF": ("MANAGE 2.4",),
            "EU AI Act": ("14",),
        },
    ),
    _control(
        "cascade-limits",
        "What goes wrong in one agent is bounded: turns, tokens and seconds, rates of tools, concurrency.",
        (
            rule("harness-caps", "agent", "limited in turns, tokens and seconds", needed=False),
            Look(deployment.rates),
            rule("function-concurrency", "function", "with a concurrency of its own"),
        ),
        {"OWASP Agentic": ("ASI08",)},
    ),
    _control(
        "audit-immutability",
        "Records can be neither changed nor deleted while they are kept, and are under a key of their own.",
        (
            rule("bucket-lock", "lock of a bucket|locks of buckets", "for at least 183 days"),
            rule("bucket-versioning", "bucket", "versioned"),
            check("object lock"),
            Look(deployment.separate_key),
        ),
        {
            "Security Hub": ("S3.14", "S3.15"),
            "AWS Agentic AI Lens": ("AGENTSEC05",),
            "EU AI Act": ("19",),
        },
    ),
    _control(
        "change-alerts",
        "People are told when what governs the platform or keeps its records is changed, or somebody tries to.",
        (Look(deployment.alert_targets), check("alerts")),
        {
            "AWS Agentic AI Lens": ("AGENTSEC05",),
            "NIST AI RMF": ("MANAGE 4.1",),
        },
    ),
    _control(
        "decision-records",
        "Each tool call is decided before it runs, and its decision is on record.",
        (
            rule(
                "harness-hooks",
                "agent",
                "asking before a tool call, and taking silence for a no",
                needed=False,
            ),
            Look(deployment.gaps),
        ),
        {
            "AWS Agentic AI Lens": ("AGENTSEC05",),
            "NIST AI RMF": ("MEASURE 2.8",),
            "ISO 42001": ("A.6.2.8",),
            "EU AI Act": ("12",),
        },
    ),
    _control(
        "approvals",
        "A call that a rule holds back runs when a person has approved that very call, once.",
        (
            Look(deployment.approvals),
            rule(
                "harness-hooks",
                "agent",
                "asking before a tool call, and taking silence for a no",
                needed=False,
            ),
        ),
        {
            "OWASP Agentic": ("ASI09",),
            "AWS Agentic AI Lens": ("AGENTSEC07",),
            "NIST AI RMF": ("MAP 3.5",),
            "EU AI Act": ("14",),
        },
    ),
    _control(
        "inventory",
        "Every agent that is deployed is specified, owned and in the registry.",
        (Look(deployment.known_agents), Look(deployment.registered)),
        {"NIST AI RMF": ("GOVERN 1.6", "MEASURE 2.4")},
    ),
    _control(
        "data-encryption",
        "What the platform stores, sends and logs is encrypted with a customer's key that rotates.",
        (
            rule("bucket-encryption", "bucket", "encrypted with a customer's key"),
            rule("table-encryption", "table", "encrypted with a customer's key"),
            rule("log-encryption", "log group", "encrypted with a customer's key"),
            rule("message-encryption", "topic or queue|topics and queues", "encrypted with a customer's key"),
            rule("stream-encryption", "delivery stream", "encrypted with a customer's key"),
            rule("secret-encryption", "secret", "encrypted with a customer's key", needed=False),
            rule("key-rotation", "key", "rotating"),
        ),
        {"Security Hub": ("DataFirehose.1", "KMS.4", "S3.17", "SQS.1")},
    ),
    _control(
        "bucket-protection",
        "Buckets are closed to the public, answer over TLS alone, and keep what is overwritten.",
        (
            rule("bucket-public-access", "bucket", "closed to the public"),
            rule("bucket-tls", "bucket", "refusing what comes without TLS"),
            rule("bucket-versioning", "bucket", "versioned"),
        ),
        {"Security Hub": ("S3.5", "S3.8", "S3.14")},
    ),
    _control(
        "dead-letters",
        "A scheduled run that came to nothing, and an alert that could not be sent, are kept for people to see.",
        (
            rule(
                "event-dead-letters",
                "target of a rule",
                "with a queue for events that could not be delivered",
            ),
            rule(
                "schedule-dead-letters",
                "schedule",
                "with a queue for runs that came to nothing",
                needed=False,
            ),
        ),
        {},
    ),
)
