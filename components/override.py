"""The override function: how people suspend, resume, roll back and promote, at once and without a deployment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import cloudwatch, lambda_

from components import permissions
from components.alert_patterns import ALARM_RULES
from components.alerts import ATTEMPTS, MAX_AGE_SECONDS
from components.archive import code
from components.dead_letters import DeadLetters, DeadLettersArgs
from components.decisions import Decisions
from components.function import Function, FunctionArgs
from components.guardrail import Guardrail
from components.holds import Holds
from components.policy_documents import from_events
from components.site import Shared
from components.supervisor import Supervisor
from corral.spec.gates import Gates
from corral.spec.names import override_function_name
from corral.spec.template import GuardrailLevel

TIMEOUT_SECONDS = 20
MEMORY_MB = 512
CONCURRENCY = 5


@dataclass(frozen=True)
class OverrideArgs:
    """Arguments of an Override. The tables are the supervisor's, which reads them at each step."""

    shared: Shared
    root: Path
    decisions: Decisions
    supervisor: Supervisor
    holds: Holds
    guardrails: Mapping[GuardrailLevel, Guardrail]
    gates: Gates


class Override(ComponentResource):
    """A function whose URL takes signed requests only; it knows its caller, and writes who did what and why."""

    def __init__(self, name: str, args: OverrideArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Override", name, None, opts)
        shared, site, supervisor = args.shared, args.shared.site, args.supervisor
        child = ResourceOptions(parent=self)
        drift = site.name("drift")  # the monitor's table, which is made after this: it calls this function
        letters = site.name("override-failed")
        failed = DeadLetters(
            f"{name}-failed",
            DeadLettersArgs(
                shared,
                letters,
                [from_events(site, "sqs:SendMessage", site.arn("sqs", letters), ALARM_RULES)],
            ),
            child,
        )
        self.function = Function(
            name,
            FunctionArgs(
                shared=shared,
                aws_name=override_function_name(site.environment),
                service="override",
                description="Suspends, resumes, rolls back and promotes, and records who and why.",
                handler="functions.override.handler.handler",
                code=code(args.root, args.root / "functions/override"),
                environment={
                    "AGENTS_TABLE": supervisor.agents.name,
                    "OVERRIDES_TABLE": supervisor.overrides.name,
                    "VERSIONS_TABLE": args.holds.table.name,
                    "GUARDRAILS": Output.json_dumps(
                        {level: made.arn for level, made in args.guardrails.items()}
                    ),
                    "GATES": json.dumps(args.gates.all()),
                    "DRIFT_TABLE": drift,
                    "TRAIL_ARN": site.trail_arn,
                    "DECISIONS_STREAM": args.decisions.name,
                },
                grants=[
                    *permissions.overrides_change(site, supervisor.overrides.arn, supervisor.agents.arn),
                    *permissions.rollbacks(
                        site, args.holds.table.arn, [made.arn for made in args.guardrails.values()]
                    ),
                    *permissions.promotions(
                        site,
                        site.arn("dynamodb", f"table/{drift}"),
                        supervisor.agents.arn,
                        args.decisions.arn,
                    ),
                    permissions.decision_record(args.decisions.arn),
                ],
                timeout_seconds=TIMEOUT_SECONDS,
                memory_mb=MEMORY_MB,
                reserved_concurrency=CONCURRENCY,
                dead_letters_arn=failed.arn,
            ),
            child,
        )
        self._take_alarms(name, shared, failed.arn)
        url = lambda_.FunctionUrl(
            f"{name}-url",
            function_name=self.function.name,
            qualifier=self.function.alias_name,
            authorization_type="AWS_IAM",
            invoke_mode="BUFFERED",
            opts=child,
        )
        self.url = url.function_url
        self.register_outputs({"alias_arn": self.function.alias_arn, "url": self.url})

    def _take_alarms(self, name: str, shared: Shared, dead_letters_arn: Output[str]) -> None:
        """Have EventBridge send the function each alarm of the environment that begins."""
        site, child = shared.site, ResourceOptions(parent=self)
        rule = cloudwatch.EventRule(
            f"{name}-alarms-rule",
            name=site.name(ALARM_RULES, "begins"),
            description="Sends alarms that begin to who may suspend an agent for it.",
            event_pattern=json.dumps(
                {
                    "source": ["aws.cloudwatch"],
                    "detail-type": ["CloudWatch Alarm State Change"],
                    "detail": {
                        "alarmName": [{"prefix": f"{site.name()}/"}],
                        "state": {"value": ["ALARM"]},
                    },
                }
            ),
            state="ENABLED",
            tags=shared.tags.as_dict(),
            opts=child,
        )
        lambda_.Permission(
            f"{name}-alarms",
            action="lambda:InvokeFunction",
            function=self.function.name,
            qualifier=self.function.alias_name,
            principal="events.amazonaws.com",
            source_account=site.account,
            source_arn=rule.arn,
            opts=child,
        )
        cloudwatch.EventTarget(
            f"{name}-alarms-target",
            rule=rule.name,
            target_id="override",
            arn=self.function.alias_arn,
            retry_policy=cloudwatch.EventTargetRetryPolicyArgs(
                maximum_retry_attempts=ATTEMPTS, maximum_event_age_in_seconds=MAX_AGE_SECONDS
            ),
            dead_letter_config=cloudwatch.EventTargetDeadLetterConfigArgs(arn=dead_letters_arn),
            opts=child,
        )
