"""The audit lake: trail and decision records as tables, a workgroup for auditors, and the saved queries in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import athena, glue

from components import permissions
from components.audit_tables import DECISIONS, TRAIL, decisions_table, trail_table
from components.bucket import Bucket, BucketArgs
from components.site import Shared, Site
from corral.audit.library import queries
from corral.spec.names import audit_database, audit_workgroup

RESULTS = "results"
RESULT_DAYS = 30
QUERY_LIMIT_BYTES = 100 * 1024**3  # scanned by one query; Athena then stops it


@dataclass(frozen=True)
class AuditLakeArgs:
    """Arguments of an AuditLake. `key_arn` is the audit key, `tools` the names in the catalogue."""

    shared: Shared
    key_arn: Input[str]
    audit_bucket: Bucket
    tools: Sequence[str]


class AuditLake(ComponentResource):
    """Everything an auditor queries with. Results lie in a bucket of their own: the records' is locked."""

    def __init__(self, name: str, args: AuditLakeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:AuditLake", name, None, opts)
        shared, site = args.shared, args.shared.site
        child = ResourceOptions(parent=self)
        self.results = Bucket(
            f"{name}-results",
            BucketArgs(
                site=site,
                tags=shared.tags,
                aws_name=results_bucket(site),
                key_arn=args.key_arn,
                expire_days={"": RESULT_DAYS},
            ),
            child,
        )
        workgroup = athena.Workgroup(
            f"{name}-workgroup",
            name=audit_workgroup(site.environment),
            description="Queries of auditors over the trail and the decision records.",
            configuration=athena.WorkgroupConfigurationArgs(
                enforce_workgroup_configuration=True,
                publish_cloudwatch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=QUERY_LIMIT_BYTES,
                result_configuration=athena.WorkgroupConfigurationResultConfigurationArgs(
                    output_location=Output.concat("s3://", self.results.bucket, f"/{RESULTS}/"),
                    expected_bucket_owner=site.account,
                    encryption_configuration=(
                        athena.WorkgroupConfigurationResultConfigurationEncryptionConfigurationArgs(
                            encryption_option="SSE_KMS", kms_key_arn=args.key_arn
                        )
                    ),
                ),
            ),
            force_destroy=not site.production,
            tags=shared.tags.as_dict(),
            opts=ResourceOptions(parent=self, depends_on=[self.results.ready]),
        )
        database = glue.CatalogDatabase(
            f"{name}-database",
            name=audit_database(site.environment),
            description=f"Audit records of {site.environment}.",
            tags=shared.tags.as_dict(),
            opts=child,
        )
        bucket = args.audit_bucket.bucket
        trail_table(f"{name}-{TRAIL}", database.name, bucket, site, child)
        decisions_table(f"{name}-{DECISIONS}", database.name, bucket, site, child)
        self.workgroup = workgroup.name
        self.workgroup_arn = workgroup.arn
        self.database = database.name
        self.query_ids: dict[str, Output[str]] = {}
        for query in queries().values():
            if query.is_saved:
                saved = athena.NamedQuery(
                    f"{name}-query-{query.name}",
                    name=query.name,
                    description=query.answers,
                    database=database.name,
                    workgroup=workgroup.name,
                    query=query.saved_sql(site.environment, list(args.tools)),
                    opts=child,
                )
                self.query_ids[query.name] = saved.id
        self.grants = permissions.audit_queries(
            workgroup.arn, [site.arn("glue", r) for r in _schema(site)], self.results.arn, args.key_arn
        )
        self.register_outputs({"workgroup": self.workgroup, "database": self.database})


def _schema(site: Site) -> list[str]:
    """The Glue resources that a query of the tables reads; Athena looks at the database `default` in any case."""
    database = audit_database(site.environment)
    tables = [f"table/{database}/{table}" for table in (TRAIL, DECISIONS)]
    return ["catalog", "database/default", f"database/{database}", *tables]


def results_bucket(site: Site) -> str:
    """Return the name of the bucket that auditors' results go to."""
    return site.name("lake-results", site.account, site.region)
