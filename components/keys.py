"""Customer-managed KMS keys: one for the platform, one for the audit trail, one for each team."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import kms

from components.policy_documents import document
from components.site import Site
from components.tags import Tags

WINDOW_DAYS = {True: 30, False: 7}  # between deletion being asked for and done, in production and elsewhere

_ADMINISTER = (
    *(
        "kms:DescribeKey",
        "kms:GetKeyPolicy",
        "kms:PutKeyPolicy",
        "kms:ListKeyPolicies",
        "kms:ListResourceTags",
    ),
    *("kms:TagResource", "kms:UntagResource", "kms:UpdateKeyDescription", "kms:GetKeyRotationStatus"),
    *("kms:EnableKeyRotation", "kms:DisableKeyRotation", "kms:ListKeyRotations", "kms:RotateKeyOnDemand"),
    *("kms:EnableKey", "kms:DisableKey", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"),
    *("kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"),
    *("kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant", "kms:RetireGrant"),
)
_ENCRYPT = (
    *("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
    *("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"),
)


@dataclass(frozen=True)
class KeyArgs:
    """Arguments of a Key. `trails` are the ARNs of the CloudTrail trails whose files it encrypts.

    One to `keep` outlives its stack, as do the records that only it can read. With `events`, EventBridge sends to
    topics and queues that it encrypts, with `alarms` CloudWatch's alarms to such topics, with `budgets` AWS Budgets.
    With `evaluators`, AgentCore reads the instructions of evaluators that it encrypts.
    """

    site: Site
    tags: Tags
    alias: str  # without "alias/"
    description: str
    trails: Sequence[str] = ()
    keep: bool = False
    events: bool = False
    alarms: bool = False
    budgets: bool = False
    evaluators: bool = False


class Key(ComponentResource):
    """A symmetric key that rotates each year. IAM policies of this account decide who uses it."""

    def __init__(self, name: str, args: KeyArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Key", name, None, opts)
        production = args.site.production
        key = kms.Key(
            f"{name}-key",
            description=args.description,
            enable_key_rotation=True,
            deletion_window_in_days=WINDOW_DAYS[production],
            policy=document(_statements(args)),
            tags=args.tags.as_dict(),
            opts=ResourceOptions(parent=self, protect=production, retain_on_delete=args.keep),
        )
        kms.Alias(
            f"{name}-alias",
            name=f"alias/{args.alias}",
            target_key_id=key.key_id,
            opts=ResourceOptions(parent=self, retain_on_delete=args.keep),
        )
        self.arn = key.arn
        self.key_id = key.key_id
        self.register_outputs({"arn": self.arn})


def _statements(args: KeyArgs) -> list[dict[str, Any]]:
    """The key policy. A resource of "*" in a key policy is the key itself."""
    site = args.site
    groups = site.arn("logs", "log-group:*")
    statements = [
        _allow("Account", {"AWS": site.global_arn("iam", "root")}, (*_ADMINISTER, *_ENCRYPT)),
        _allow(
            "Logs",
            {"Service": f"logs.{site.region}.amazonaws.com"},
            _ENCRYPT,
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        ),
    ]
    for arn in args.trails:
        context = {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": arn}}
        statements.append(
            _allow(
                "Trail",
                {"Service": "cloudtrail.amazonaws.com"},
                ("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
                {"StringEquals": {"aws:SourceArn": arn}, **context},
            )
        )
        # CloudTrail looks at the key when the trail is made, without an encryption context.
        statements.append(_allow("TrailCheck", {"Service": "cloudtrail.amazonaws.com"}, ("kms:DescribeKey",)))
    if args.events:
        # SNS supports no condition on the source here (docs.aws.amazon.com/sns/latest/dg/sns-key-management.html);
        # whose rules may send is in the policies of the topic and the queue.
        events = {"Service": "events.amazonaws.com"}
        statements.append(_allow("Events", events, ("kms:Decrypt", "kms:GenerateDataKey")))
    own = {"StringEquals": {"aws:SourceAccount": site.account}}
    if args.evaluators:
        # https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/evaluations-encryption.html
        source = {"ArnLike": {"aws:SourceArn": site.arn("bedrock-agentcore", "*")}}
        reader = {"Service": "bedrock-agentcore.amazonaws.com"}
        statements.append(_allow("Evaluators", reader, ("kms:Decrypt",), {**own, **source}))
    for wanted, name, service in (
        (args.alarms, "Alarms", "cloudwatch"),
        (args.budgets, "Budgets", "budgets"),
    ):
        if wanted:
            whose, use = {"Service": f"{service}.amazonaws.com"}, ("kms:Decrypt", "kms:GenerateDataKey")
            statements.append(_allow(name, whose, use, own))
    return statements


def _allow(
    name: str, principal: dict[str, str], actions: Sequence[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    statement = {
        "Sid": name,
        "Effect": "Allow",
        "Principal": principal,
        "Action": sorted(set(actions)),
        "Resource": "*",
    }
    return statement if condition is None else {**statement, "Condition": condition}
