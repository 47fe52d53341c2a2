"""What alerts are about, one event pattern a subject.

Of what keeps the records, the keys and the boundaries, any change is told, whoever makes it. What each deployment
changes by design, such as roles, policies and agents, is told unless it was one who deploys. Refused attempts are
told as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import Input, Output

from components.alert_patterns import ALARM_RULES, RULES, Pattern, begins, of, other_roles
from components.site import Site
from corral.spec.names import bootstrap_path, role_path

MAX_CHARACTERS = 2048  # of a pattern (docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html)

_ITEM_READS = ("BatchGetItem", "GetItem", "Query", "Scan", "TransactGetItems")
_CHANGES = ("Create", "Update", "Delete", "Put")


@dataclass(frozen=True)
class Watched:
    """What is watched, where it is not known by its name; and who may do what is told of others.

    `approval_writers` and `override_writers` are the ARNs of the roles that write those as the platform works.
    """

    audit_bucket: Input[str]
    keys: Sequence[Input[str]]  # ARNs
    guardrails: Sequence[Input[str]]  # ids and ARNs
    approval_writers: Sequence[Input[str]]
    override_writers: Sequence[Input[str]]
    topic: Input[str]  # ARN
    dead_letters: str


@dataclass(frozen=True)
class Subject:
    """One thing that alerts are about: a call is told that fits one of `calls`, in words that begin with `title`.

    `on` are the parameters that say what was called upon. All of them are names and ids that AWS holds to a few
    characters: EventBridge escapes nothing, and no caller is to write an alert's words.
    """

    title: str
    on: Sequence[str]
    calls: Sequence[Pattern]

    def pattern(self) -> Pattern:
        """The event pattern. Only AWS can send events whose source begins with "aws."."""
        one = len(self.calls) == 1
        return {
            "source": [{"prefix": "aws."}],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": self.calls[0] if one else {"$or": list(self.calls)},
        }


def subjects(site: Site, watched: Watched, others: Pattern) -> dict[str, Subject]:
    """Return what alerts are about, by name. `others` fits whoever is not one who deploys."""
    return {
        "trail": Subject(
            "the audit trail, or the stream of decisions, was changed or stopped",
            ("name", "trailName", "deliveryStreamName", "rule"),
            _trail(site, others),
        ),
        "audit-bucket": Subject(
            "the audit bucket, or a record in it, was changed", ("bucketName",), _bucket(site, watched)
        ),
        "keys": Subject("a key of the platform or of its audit was changed", ("keyId",), _keys(watched)),
        "boundaries": Subject(
            "a permissions boundary was changed, or a role lost its own",
            ("policyArn", "roleName"),
            _boundaries(site),
        ),
        "roles": Subject(
            "a role was changed by somebody who does not deploy",
            ("roleName", "policyName", "policyArn"),
            _roles(site, others),
        ),
        "gateway": Subject(
            "the gateway, its policy engine or a policy was changed by somebody who does not deploy",
            ("gatewayIdentifier", "targetId", "policyEngineId", "policyId"),
            _gateway(site, others),
        ),
        "agents": Subject(
            "an agent or a guardrail was changed by somebody who does not deploy",
            ("harnessId", "guardrailIdentifier"),
            _agents(site, watched, others),
        ),
        "functions": Subject(
            "a function was changed by somebody who does not deploy",
            ("functionName",),
            _functions(site, others),
        ),
        "agent-states": Subject(
            "the table of agents was written to or changed by somebody who does not deploy",
            ("tableName",),
            _table(site, "agents", others, others),
        ),
        "approvals": Subject(
            "the table of approvals was written to or changed by somebody whose task it is not",
            ("tableName",),
            _table(site, "approvals", others, other_roles("arn", list(watched.approval_writers))),
        ),
        "overrides": Subject(
            "the table of overrides was written to or changed by somebody whose task it is not",
            ("tableName",),
            _table(site, "overrides", others, other_roles("arn", list(watched.override_writers))),
        ),
        "alerts": Subject(
            "the alerts themselves were changed",
            ("name", "rule", "topicArn", "subscriptionArn", "queueUrl"),
            _alerts(site, watched, others),
        ),
    }


def _trail(site: Site, others: Pattern) -> list[Pattern]:
    """The trail, the decision stream, and the rule that tells of all other rules: no rule can tell of itself."""
    alerts, trail = [site.name(RULES, "alerts")], [site.trail_name, site.trail_arn]
    return [
        *of("cloudtrail", begins("Stop", "Delete", "Update"), name=trail),
        *of("cloudtrail", begins("Put"), trailName=trail),
        *of("firehose", begins("Delete", "Update", "Stop"), deliveryStreamName=[site.name("decisions")]),
        *_rules(alerts, others),
    ]


def _bucket(site: Site, watched: Watched) -> list[Pattern]:
    bucket = [watched.audit_bucket]
    firehose = site.global_arn("sts", f"assumed-role/{site.name('decisions')}/")
    # CloudTrail's own deliveries have no ARN of an identity.
    hands = {"userIdentity": {"arn": [{"anything-but": {"prefix": firehose}}]}}
    changed = ("Delete", "PutBucket", "PutObjectLock", "PutObjectRetention", "PutObjectLegalHold")
    return [
        *of("s3", begins(*changed), bucketName=bucket),
        *(
            call | hands
            for call in of("s3", ["PutObject", "CopyObject", "CompleteMultipartUpload"], bucketName=bucket)
        ),
    ]


def _keys(watched: Watched) -> list[Pattern]:
    return [
        {
            "eventSource": ["kms.amazonaws.com"],
            "eventName": begins("Disable", "ScheduleKeyDeletion", "PutKeyPolicy"),
            "resources": {"ARN": list(watched.keys)},  # whichever way the call named the key
        }
    ]


def _boundaries(site: Site) -> list[Pattern]:
    paths = (role_path(site.environment, "platform"), bootstrap_path(site.environment))
    policies = begins(*(site.global_arn("iam", f"policy{path}") for path in paths))
    bound = begins("PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary")
    return [
        *of("iam", begins("CreatePolicyVersion", "SetDefault", "DeletePolicy"), policyArn=policies),
        *of("iam", bound, roleName=begins(f"{site.name()}-")),
    ]


def _roles(site: Site, others: Pattern) -> list[Pattern]:
    changes = begins("Create", "Update", "DeleteRole", "PutRolePolicy", "Attach", "Detach")
    return [call | others for call in of("iam", changes, roleName=begins(f"{site.name()}-"))]


def _gateway(site: Site, others: Pattern) -> list[Pattern]:
    return [
        call | others
        for call in of(
            "bedrock-agentcore",
            begins(*_CHANGES),
            gatewayIdentifier=begins(f"{site.name()}-"),
            policyEngineId=begins(f"corral_{site.environment}-"),
        )
    ]


def _agents(site: Site, watched: Watched, others: Pattern) -> list[Pattern]:
    changes, harnesses = begins(*_CHANGES), begins(f"{site.environment}_")
    return [
        call | others
        for call in (
            *of("bedrock-agentcore", changes, harnessId=harnesses),
            *of("bedrock", changes, guardrailIdentifier=list(watched.guardrails)),
        )
    ]


def _functions(site: Site, others: Pattern) -> list[Pattern]:
    start = f"{site.name()}-"
    names = [{"prefix": start}, {"prefix": site.arn("lambda", f"function:{start}")}]
    changes = begins(*_CHANGES, "Add", "Remove", "Publish")
    return [call | others for call in of("lambda", changes, functionName=names)]


def _table(site: Site, name: str, others: Pattern, no_writers: Pattern) -> list[Pattern]:
    table = site.name(name)
    arn = site.arn("dynamodb", f"table/{table}")
    written = {
        "eventSource": ["dynamodb.amazonaws.com"],
        "eventName": [{"anything-but": list(_ITEM_READS)}],
        "eventCategory": ["Data"],
        "resources": {"ARN": [arn]},
    }
    itself = of("dynamodb", begins("Delete", "Update"), tableName=[table, arn])
    return [written | no_writers, *(call | {"eventCategory": ["Management"]} | others for call in itself)]


def _alerts(site: Site, watched: Watched, others: Pattern) -> list[Pattern]:
    """Whatever would keep an alert from being sent or read."""
    rules, topic = begins(f"{site.name(RULES)}-", f"{site.name(ALARM_RULES)}-"), watched.topic
    under = Output.concat(topic, ":")
    queue = {"suffix": f"/{watched.dead_letters}"}
    return [
        *_rules(rules, others),
        *of("sns", begins("Set", "Delete", "Add", "Remove"), topicArn=[topic]),
        *of("sns", begins("Unsubscribe", "SetSubscription"), subscriptionArn=[{"prefix": under}]),
        *of("sqs", begins("Set", "Delete", "Purge", "Add"), queueUrl=[queue]),
    ]


def _rules(names: Sequence[Any], others: Pattern) -> list[Pattern]:
    """Rules that are switched off, by whomever, or made or changed by somebody who does not deploy."""
    return [
        *of("events", begins("Disable", "Delete"), name=names),
        *of("events", begins("Remove"), rule=names),
        *(call | others for call in of("events", ["PutRule"], name=names)),
        *(call | others for call in of("events", ["PutTargets"], rule=names)),
    ]
