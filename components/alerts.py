"""Alerts on changes to what governs the platform, in words that say who did what, when, and where to look."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Output, Resource, ResourceOptions
from pulumi_aws import cloudwatch

from components.alert_patterns import RULES, others_than_deployers
from components.alert_subjects import Subject, Watched, subjects
from components.dead_letters import DeadLetters, DeadLettersArgs
from components.policy_documents import from_events
from components.site import Shared
from corral.audit.selectors import pattern_digest

MAX_AGE_SECONDS = 24 * 3600  # EventBridge's longest, as are the attempts
ATTEMPTS = 185
LAST = "alerts"  # the subject that tells of the other rules

_PATHS = {
    "what": "$.detail.eventName",
    "service": "$.detail.eventSource",
    "refused": "$.detail.errorCode",
    "who": "$.detail.userIdentity.arn",
    "by": "$.detail.userIdentity.invokedBy",
    "when": "$.detail.eventTime",
    "region": "$.detail.awsRegion",
    "address": "$.detail.sourceIPAddress",
    "id": "$.detail.eventID",
}


@dataclass(frozen=True)
class AlertsArgs:
    """Arguments of Alerts. `after` are made before them: the first deployment is no change."""

    shared: Shared
    watched: Watched
    after: Sequence[Resource]


class Alerts(ComponentResource):
    """A rule for each subject, which publishes to the topic, and a queue of what could not be published."""

    def __init__(self, name: str, args: AlertsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Alerts", name, None, opts)
        shared, site, watched = args.shared, args.shared.site, args.watched
        letters = watched.dead_letters
        self.undelivered = DeadLetters(
            f"{name}-undelivered",
            DeadLettersArgs(
                shared, letters, [from_events(site, "sqs:SendMessage", site.arn("sqs", letters), RULES)]
            ),
            ResourceOptions(parent=self),
        )
        self._topic = watched.topic
        self.rules: dict[str, Output[str]] = {}  # rule -> digest of its pattern
        targets: list[Resource] = []
        said = subjects(site, watched, others_than_deployers(site))
        for subject in sorted(said, key=lambda each: each == LAST):
            aws_name = site.name(RULES, subject)
            rule = cloudwatch.EventRule(
                f"{name}-{subject}-rule",
                name=aws_name,
                description=f"Tells when {said[subject].title}.",
                event_pattern=Output.json_dumps(said[subject].pattern()),
                state="ENABLED",
                tags=shared.tags.as_dict(),
                opts=ResourceOptions(parent=self, depends_on=args.after),
            )
            # The last rule tells of targets, so that those of the others are there when its own comes.
            opts = ResourceOptions(parent=self, depends_on=targets if subject == LAST else None)
            targets.append(
                self._target(f"{name}-{subject}-target", rule, said[subject], site.environment, opts)
            )
            self.rules[aws_name] = rule.event_pattern.apply(_digest)
        self.register_outputs({"rules": self.rules})

    def _target(
        self, name: str, rule: cloudwatch.EventRule, subject: Subject, environment: str, opts: ResourceOptions
    ) -> cloudwatch.EventTarget:
        return cloudwatch.EventTarget(
            name,
            rule=rule.name,
            target_id="topic",
            arn=self._topic,
            input_transformer=cloudwatch.EventTargetInputTransformerArgs(
                input_paths={**_PATHS, **{each: f"$.detail.requestParameters.{each}" for each in subject.on}},
                input_template=_words(environment, subject),
            ),
            retry_policy=cloudwatch.EventTargetRetryPolicyArgs(
                maximum_retry_attempts=ATTEMPTS, maximum_event_age_in_seconds=MAX_AGE_SECONDS
            ),
            dead_letter_config=cloudwatch.EventTargetDeadLetterConfigArgs(arn=self.undelivered.arn),
            opts=opts,
        )


def _words(environment: str, subject: Subject) -> str:
    """What people read. EventBridge takes several lines of text as so many quoted strings, and sends the quotes too.

    Of a variable that an event does not have, nothing is written.
    """
    lines = (
        f"Corral {environment}: {subject.title}, or somebody tried to.",
        "What: <what> (<service>)",
        f"On: {' '.join(f'<{each}>' for each in subject.on)}",
        "Refused with: <refused> (nothing: it was done)",
        "Who: <who> <by>",
        "When: <when> in <region> from <address>",
        f"Look: corral audit query governance-changes {environment} --since 1d, record <id>; docs/audit.md, Alerts",
    )
    return "\n".join(f'"{line}"' for line in lines)


def _digest(pattern: str | None) -> str:
    return pattern_digest(pattern or "{}")
