"""A tool of the catalogue: its function, and the tables, secret or data that the function needs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import secretsmanager

from components import permissions
from components.archive import code
from components.bucket import Bucket, BucketArgs
from components.domains import RESULTS, TABLES, Domains
from components.function import Function, FunctionArgs
from components.holds import Held
from components.policy_documents import Grant
from components.site import Shared, Site
from components.table import Table, TableArgs
from corral.spec.catalogue import CatalogueTool
from corral.spec.names import tool_function_name

SECRET_RECOVERY_DAYS = {True: 30, False: 0}  # in production and elsewhere


@dataclass(frozen=True)
class ToolArgs:
    """Arguments of a Tool. `root` is the repository's, `idempotency` the table that all tools share."""

    shared: Shared
    root: Path
    tool: CatalogueTool
    idempotency: Table
    domains: Domains
    held: Held


class Tool(ComponentResource):
    """A tool's function and its own resources. Agents reach it through a gateway target only."""

    def __init__(self, name: str, args: ToolArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Tool", name, None, opts)
        spec = args.tool.spec
        shared = args.shared
        self.name = name
        environment: dict[str, Input[str]] = {
            f"SETTING_{key.upper()}": value for key, value in args.tool.settings.items()
        }
        grants: list[Grant] = []
        for need in spec.needs:
            for variable, value, allowed in self._provide(need, args):
                environment[variable] = value
                grants.extend(allowed)
        source = code(args.root, args.tool.folder)
        self.function = Function(
            name,
            FunctionArgs(
                shared=shared,
                aws_name=tool_function_name(shared.site.environment, spec.tool),
                service=spec.tool,
                description=spec.summary,
                handler=args.tool.handler,
                code=source,
                environment=environment,
                grants=grants,
                timeout_seconds=spec.limits.timeout_seconds,
                memory_mb=spec.limits.memory_mb,
                reserved_concurrency=spec.limits.reserved_concurrency,
                served=partial(args.held.version, f"tool:{spec.tool}"),
            ),
            ResourceOptions(parent=self),
        )
        self.code_sha256 = source.sha256
        self.register_outputs({"alias_arn": self.function.alias_arn, "code_sha256": self.code_sha256})

    def _provide(self, need: str, args: ToolArgs) -> Iterator[tuple[str, Input[str], list[Grant]]]:
        """Make or find what a need asks for: the variable that tells the function, its value, the grants."""
        shared, site, tool = args.shared, args.shared.site, args.tool.spec.tool
        child = ResourceOptions(parent=self)
        if need == "table":
            table = Table(self.name, TableArgs(shared, site.name("tool", tool), "id"), child)
            yield "TABLE_NAME", table.name, [permissions.table_items("OwnTable", table.arn)]
        elif need == "idempotency":
            shared_table = args.idempotency
            yield (
                "IDEMPOTENCY_TABLE",
                shared_table.name,
                [permissions.table_items("Idempotency", shared_table.arn, delete=True)],
            )
        elif need == "secret":
            secret = secretsmanager.Secret(
                f"{self.name}-secret",
                name=f"corral/{site.environment}/tools/{tool}",
                description=f"What {tool} signs in with. Its value is set by hand, never by this program.",
                kms_key_id=shared.key_arn,
                recovery_window_in_days=SECRET_RECOVERY_DAYS[site.production],
                tags=shared.tags.as_dict(),
                opts=ResourceOptions(parent=self, protect=site.production),
            )
            yield "SECRET_ARN", secret.arn, [permissions.secret_value(secret.arn)]
        elif need == "documents":
            bucket = args.domains.bucket
            yield "DOCUMENTS_BUCKET", bucket.bucket, permissions.documents(bucket.arn, args.domains.documents)
        elif need == "reports":
            name = reports_bucket(site)
            reports = Bucket(
                f"{self.name}-reports", BucketArgs(site, shared.tags, name, shared.key_arn), child
            )
            yield "REPORTS_BUCKET", reports.bucket, [permissions.report_writing(reports.arn)]
        else:
            domains = args.domains
            allowed = [permissions.queries_run(domains.workgroup_arn)]
            if need == "warehouse":
                yield "WAREHOUSE_TEAM_COLUMNS", json.dumps(domains.team_columns, sort_keys=True), []
                files = domains.bucket.arn
                allowed = permissions.warehouse(site, domains.workgroup_arn, files, TABLES, RESULTS)
            yield "ATHENA_WORKGROUP", domains.workgroup, allowed
            yield "WAREHOUSE_DATABASES", json.dumps(domains.databases, sort_keys=True), []


def reports_bucket(site: Site) -> str:
    """Return the name of an environment's report bucket: one, which the tool that writes reports makes."""
    return site.name("reports", site.account, site.region)
