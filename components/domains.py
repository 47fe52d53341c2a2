"""Data domains: their documents in a bucket, their tables in Glue, the Athena workgroup that queries them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi import ComponentResource, FileAsset, Output, ResourceOptions
from pulumi_aws import athena, glue, s3

from components.bucket import Bucket, BucketArgs
from components.site import Shared
from corral.spec.domain import Domain, Table

# Prefixes in the bucket, beside the domains' own, whose names hold no underscore.
TABLES = "warehouse_tables"
RESULTS = "athena_results"
RESULT_DAYS = 7
QUERY_LIMIT_BYTES = 1024**3  # scanned by one query; Athena then stops it
DOCUMENT_TYPES = {".md": "text/markdown; charset=utf-8", ".txt": "text/plain; charset=utf-8"}

_QUOTED = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
_PLAIN = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"


@dataclass(frozen=True)
class DomainsArgs:
    """Arguments of Domains. `folder` is the environment's, which the domains' files are relative to."""

    shared: Shared
    folder: Path
    domains: Mapping[str, Domain]


class Domains(ComponentResource):
    """All data domains of an environment.

    `documents` are the domains that have any, each below its name in the bucket. `databases` maps each domain
    with tables to its Glue database, `team_columns` to those of its tables in which a team sees only its own
    rows, each with the column that names the team.
    """

    def __init__(self, name: str, args: DomainsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Domains", name, None, opts)
        shared, site = args.shared, args.shared.site
        self._name = name
        self.bucket = Bucket(
            name,
            BucketArgs(
                site=site,
                tags=shared.tags,
                aws_name=documents_bucket(shared),
                key_arn=shared.key_arn,
                expire_days={f"{RESULTS}/": RESULT_DAYS},
            ),
            ResourceOptions(parent=self),
        )
        workgroup = athena.Workgroup(
            f"{name}-workgroup",
            name=site.name("warehouse"),
            description="Queries of agents over the tables of data domains.",
            configuration=athena.WorkgroupConfigurationArgs(
                enforce_workgroup_configuration=True,
                publish_cloudwatch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=QUERY_LIMIT_BYTES,
                result_configuration=athena.WorkgroupConfigurationResultConfigurationArgs(
                    output_location=Output.concat("s3://", self.bucket.bucket, f"/{RESULTS}/"),
                    expected_bucket_owner=site.account,
                    encryption_configuration=(
                        athena.WorkgroupConfigurationResultConfigurationEncryptionConfigurationArgs(
                            encryption_option="SSE_KMS", kms_key_arn=shared.key_arn
                        )
                    ),
                ),
            ),
            force_destroy=not site.production,
            tags=shared.tags.as_dict(),
            opts=ResourceOptions(parent=self),
        )
        self.workgroup = workgroup.name
        self.workgroup_arn = workgroup.arn
        self.documents = sorted(d.domain for d in args.domains.values() if d.documents is not None)
        self.databases: dict[str, str] = {}
        self.team_columns: dict[str, dict[str, str]] = {}
        for domain in args.domains.values():
            if domain.documents is not None:
                self._add_documents(domain.domain, args.folder / domain.documents)
            if domain.tables:
                self._add_tables(domain, args)
        self.register_outputs({"bucket": self.bucket.bucket, "workgroup": self.workgroup})

    def _add_documents(self, domain: str, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            if path.suffix in DOCUMENT_TYPES:
                relative = path.relative_to(folder).as_posix()
                self._upload(f"{domain}/{relative}", path, DOCUMENT_TYPES[path.suffix])

    def _add_tables(self, domain: Domain, args: DomainsArgs) -> None:
        database_name = f"corral_{args.shared.site.environment}_{domain.domain.replace('-', '_')}"
        database = glue.CatalogDatabase(
            f"{self._name}-{domain.domain}-database",
            name=database_name,
            description=f"Data domain {domain.domain}, {domain.classification}.",
            tags=args.shared.tags.as_dict(),
            opts=ResourceOptions(parent=self),
        )
        self.databases[domain.domain] = database_name
        self.team_columns[domain.domain] = {
            table.name: table.team_column for table in domain.tables if table.team_column is not None
        }
        for table in domain.tables:
            path = args.folder / table.file
            prefix = f"{TABLES}/{domain.domain}/{table.name}"
            self._upload(f"{prefix}/{path.name}", path, "text/csv; charset=utf-8")
            glue.CatalogTable(
                f"{self._name}-{domain.domain}-{table.name}",
                name=table.name,
                database_name=database.name,
                table_type="EXTERNAL_TABLE",
                parameters={"classification": "csv", "skip.header.line.count": "1"},
                storage_descriptor=glue.CatalogTableStorageDescriptorArgs(
                    location=Output.concat("s3://", self.bucket.bucket, f"/{prefix}/"),
                    input_format="org.apache.hadoop.mapred.TextInputFormat",
                    output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                    ser_de_info=_reader(table, path),
                    columns=[
                        glue.CatalogTableStorageDescriptorColumnArgs(name=column, type=kind)
                        for column, kind in table.columns.items()
                    ],
                ),
                opts=ResourceOptions(parent=self),
            )

    def _upload(self, key: str, path: Path, content_type: str) -> None:
        s3.BucketObjectv2(
            f"{self._name}-{key}",
            bucket=self.bucket.bucket,
            key=key,
            source=FileAsset(str(path)),
            content_type=content_type,
            opts=ResourceOptions(parent=self, depends_on=[self.bucket.ready]),
        )


def documents_bucket(shared: Shared) -> str:
    """Return the name of an environment's documents bucket."""
    site = shared.site
    return site.name("documents", site.account, site.region)


def _reader(table: Table, path: Path) -> glue.CatalogTableStorageDescriptorSerDeInfoArgs:
    """Choose how Athena reads a table's CSV.

    The reader that knows quotes reads dates as numbers of days only; the one that knows dates knows no
    quotes. Raises ValueError for a file that needs both.
    """
    if not {"date", "timestamp"} & set(table.columns.values()):
        return glue.CatalogTableStorageDescriptorSerDeInfoArgs(
            serialization_library=_QUOTED, parameters={"separatorChar": ",", "quoteChar": '"'}
        )
    if '"' in path.read_text():
        raise ValueError(
            f"{path.name}: a table with a date or timestamp column cannot have quoted values in its CSV file"
        )
    return glue.CatalogTableStorageDescriptorSerDeInfoArgs(
        serialization_library=_PLAIN, parameters={"field.delim": ",", "serialization.format": ","}
    )
