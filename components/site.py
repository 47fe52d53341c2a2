"""Where a stack is deployed, and what everything in it shares: names, ARNs, tags, boundary, key."""

from dataclasses import dataclass

from pulumi import Input

from components.tags import Tags
from corral.spec.names import role_path
from corral.spec.platform import Platform

# What CloudWatch Logs takes as retentionInDays (its PutRetentionPolicy API).
LOG_RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


@dataclass(frozen=True)
class Site:
    """One environment in one account and region."""

    environment: str
    account: str
    region: str
    production: bool
    retention_days: int  # of every record: logs, trail, decisions
    organization: str | None = None  # the one whose trail it is, when it is not this account's alone
    trail_account: str | None = None  # that owns the trail then; None is this one

    @classmethod
    def of(cls, platform: Platform) -> "Site":
        """Return the site that a platform.yaml describes."""
        organization, owner = platform.organization or (None, None)
        return cls(
            environment=platform.environment,
            account=platform.account,
            region=platform.region,
            production=platform.production,
            retention_days=platform.audit.retention_days,
            organization=organization,
            trail_account=owner,
        )

    @property
    def partition(self) -> str:
        """The AWS partition of the region: aws, aws-cn or aws-us-gov."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    @property
    def log_retention_days(self) -> int:
        """The shortest retention CloudWatch Logs offers that keeps logs as long as the records."""
        return next(days for days in LOG_RETENTIONS if days >= self.retention_days)

    def name(self, *parts: str) -> str:
        """Return the AWS name of something in this environment: corral-<environment>-<parts>."""
        return "-".join(("corral", self.environment, *parts))

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def global_arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account that has no region, such as a role."""
        return f"arn:{self.partition}:{service}::{self.account}:{resource}"

    @property
    def trail_name(self) -> str:
        """The name of the audit trail."""
        return self.name("trail")

    @property
    def trail_arn(self) -> str:
        """The ARN of the audit trail. An organization's belongs to the management account, whoever made it."""
        owner = self.trail_account or self.account
        return f"arn:{self.partition}:cloudtrail:{self.region}:{owner}:trail/{self.trail_name}"

    @property
    def trail_folder(self) -> str:
        """Where in the audit bucket the trail's files of this account lie."""
        organization = f"{self.organization}/" if self.organization else ""
        return f"AWSLogs/{organization}{self.account}/CloudTrail/"

    def bucket_arn(self, bucket: str) -> str:
        """Return the ARN of a bucket, which has neither region nor account."""
        return f"arn:{self.partition}:s3:::{bucket}"


@dataclass(frozen=True)
class Shared:
    """What every component of a stack is given."""

    site: Site
    tags: Tags
    boundary_arn: Input[str]  # the permissions boundary of every role
    key_arn: Input[str]  # the stack's customer-managed key
    owner: str  # a team's name, or "platform"

    @property
    def role_path(self) -> str:
        """The IAM path of the stack's roles."""
        return role_path(self.site.environment, self.owner)
