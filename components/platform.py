"""The platform of an environment: all that its teams share."""

from collections.abc import Mapping
from typing import Any

from pulumi import ComponentResource, Resource, ResourceOptions

from components.actions import PLATFORM_ACTIONS, TEAM_ACTIONS
from components.alert_subjects import Watched
from components.alerts import Alerts, AlertsArgs
from components.approvals import Approvals, ApprovalsArgs
from components.audit import Audit, AuditArgs
from components.audit_lake import AuditLake, AuditLakeArgs, results_bucket
from components.boundary import Boundary, BoundaryArgs
from components.decisions import Decisions, DecisionsArgs
from components.domains import Domains, DomainsArgs, documents_bucket
from components.drift_monitor import DriftMonitor, DriftMonitorArgs
from components.gateway import MODE, Gateway, GatewayArgs
from components.guardrail import Guardrail, GuardrailArgs
from components.holds import Held, Holds
from components.keys import Key, KeyArgs
from components.override import Override, OverrideArgs
from components.platform_dashboard import PlatformDashboardArgs, platform_dashboard
from components.platform_watch import PlatformWatch, PlatformWatchArgs
from components.registry import Registry, RegistryArgs
from components.roles import Auditor, AuditorArgs, PlatformOperator, PlatformOperatorArgs
from components.site import Shared, Site
from components.supervisor import Supervisor, SupervisorArgs
from components.table import Table, TableArgs
from components.tags import Tags
from components.targets import Targets, TargetsArgs
from components.tools import Tool, ToolArgs, reports_bucket
from corral.spec.load import Environment
from corral.spec.peak import supervisor_concurrency
from corral.spec.template import GuardrailLevel

OWNER = "platform"


class Platform(ComponentResource):
    """Keys, audit, catalogue, gateway, guardrails, registry, supervisor and auditors of one environment."""

    def __init__(self, name: str, environment: Environment, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Platform", name, None, opts)
        self._child = ResourceOptions(parent=self)
        self._environment = environment
        spec = environment.platform
        site = Site.of(spec)
        self._held = Held.read(site)
        tags = Tags(environment=site.environment, team=OWNER, owner=spec.owner.email)
        self._boundary = Boundary(
            f"{name}-boundary",
            BoundaryArgs(
                site, tags, site.name("boundary"), "The most that a role of Corral can do.", PLATFORM_ACTIONS
            ),
            self._child,
        )
        self._key = Key(
            f"{name}-key",
            KeyArgs(
                site,
                tags,
                site.name("platform"),
                f"What Corral's platform {site.environment} keeps.",
                events=True,
                alarms=True,
                budgets=True,
            ),
            self._child,
        )
        self._audit_key = Key(
            f"{name}-audit-key",
            KeyArgs(
                site,
                tags,
                site.name("audit"),
                f"The audit trail of {site.environment}.",
                trails=[site.trail_arn],
                keep=site.production,
            ),
            self._child,
        )
        self._shared = Shared(site, tags, self._boundary.arn, self._key.arn, OWNER)
        self._build_audit(name)
        self._build_catalogue(name)
        self._build_rest(name)
        self._build_watch(name)
        self._build_dashboard(name)
        self._build_alerts(name)
        self._build_team_boundary(name)
        self.outputs = self._outputs()
        self.register_outputs(self.outputs)

    def _build_audit(self, name: str) -> None:
        shared, spec = self._shared, self._environment.platform
        self._audit = Audit(
            f"{name}-audit",
            AuditArgs(
                shared,
                self._audit_key.arn,
                spec.lock_mode,
                [documents_bucket(shared), reports_bucket(shared.site), results_bucket(shared.site)],
            ),
            self._child,
        )
        self._lake = AuditLake(
            f"{name}-lake",
            AuditLakeArgs(shared, self._audit_key.arn, self._audit.bucket, list(self._environment.tools)),
            self._child,
        )
        self._decisions = Decisions(
            f"{name}-decisions", DecisionsArgs(shared, self._audit_key.arn, self._audit.bucket), self._child
        )
        self._supervisor = Supervisor(
            f"{name}-supervisor",
            SupervisorArgs(
                shared=shared,
                root=self._environment.root,
                decisions=self._decisions,
                alert_email=spec.owner.on_call or spec.owner.email,
                concurrency=supervisor_concurrency(
                    agent for team in self._environment.agents.values() for agent in team.values()
                ),
            ),
            self._child,
        )

        self._approvals = Approvals(
            f"{name}-approvals",
            ApprovalsArgs(shared, self._environment.root, self._decisions, self._supervisor),
            self._child,
        )
        self._holds = Holds(f"{name}-versions", shared, self._child)

    def _build_catalogue(self, name: str) -> None:
        """Gateway, tools, targets, in this order. Policies come with the teams."""
        shared, environment = self._shared, self._environment
        self._domains = Domains(
            f"{name}-domains", DomainsArgs(shared, environment.folder, environment.domains), self._child
        )
        self._idempotency = Table(
            f"{name}-idempotency",
            TableArgs(shared, shared.site.name("idempotency"), "id", expires="expiration"),
            self._child,
        )
        rates = {tool: entry.spec.limits.requests_per_minute for tool, entry in environment.tools.items()}
        self._gateway = Gateway(f"{name}-gateway", GatewayArgs(shared, rates), self._child)
        self._tools = {
            tool: Tool(
                f"{name}-tool-{tool}",
                ToolArgs(shared, environment.root, entry, self._idempotency, self._domains, self._held),
                self._child,
            )
            for tool, entry in environment.tools.items()
        }
        self._targets = Targets(
            f"{name}-target", TargetsArgs(self._gateway, environment.tools, self._tools), self._child
        )

    def _build_rest(self, name: str) -> None:
        shared, environment = self._shared, self._environment
        spec = environment.platform
        held = self._held
        self._guardrail = Guardrail(
            f"{name}-guardrail", GuardrailArgs(shared, spec.guardrail, held), self._child
        )
        self._strict = Guardrail(
            f"{name}-guardrail-strict", GuardrailArgs(shared, spec.guardrail, held, "strict"), self._child
        )
        guardrails: dict[GuardrailLevel, Guardrail] = {"standard": self._guardrail, "strict": self._strict}
        supervisor = self._supervisor
        self._override = Override(
            f"{name}-override",
            OverrideArgs(
                shared=shared,
                root=environment.root,
                decisions=self._decisions,
                supervisor=supervisor,
                holds=self._holds,
                guardrails=guardrails,
                gates=spec.gates,
            ),
            self._child,
        )
        self._registry: Registry | None = None
        if environment.has_registry:
            self._registry = Registry(
                f"{name}-registry", RegistryArgs(shared, environment.tools), self._child
            )
        self._operator: PlatformOperator | None = None
        if spec.operators:
            args = PlatformOperatorArgs(shared, spec.operators, self._override.function.alias_arn)
            self._operator = PlatformOperator(f"{name}-operator", args, self._child)
        self._auditor: Auditor | None = None
        if spec.auditors:
            self._auditor = Auditor(
                f"{name}-auditor",
                AuditorArgs(
                    shared=shared,
                    people=spec.auditors,
                    trail_arn=self._audit.trail_arn,
                    audit_bucket_arn=self._audit.bucket.arn,
                    audit_key_arn=self._audit_key.arn,
                    workgroup_arn=self._domains.workgroup_arn,
                    topic_arn=self._supervisor.topic_arn,
                    may_query=self._lake.grants,
                    registry_arn=self._registry.arn if self._registry else None,
                ),
                self._child,
            )

    def _build_watch(self, name: str) -> None:
        shared, supervisor = self._shared, self._supervisor
        tries = any(agent.canary for team in self._environment.agents.values() for agent in team.values())
        self._monitor = DriftMonitor(
            f"{name}-drift-monitor",
            DriftMonitorArgs(
                shared,
                self._environment.root,
                supervisor.agents,
                supervisor.overrides,
                self._override.function.alias_arn if tries else None,
            ),
            self._child,
        )
        self._watch = PlatformWatch(
            f"{name}-watch",
            PlatformWatchArgs(
                shared,
                topic_arn=supervisor.topic_arn,
                supervisor=supervisor.function.name,
                gateway_arn=self._gateway.arn,
                policy_engine_id=self._gateway.engine_id,
            ),
            self._child,
        )

    def _build_alerts(self, name: str) -> None:
        shared, supervisor = self._shared, self._supervisor
        guardrails = (self._guardrail, self._strict)
        self._alerts = Alerts(
            f"{name}-alerts",
            AlertsArgs(
                shared,
                Watched(
                    audit_bucket=self._audit.bucket.bucket,
                    keys=[self._key.arn, self._audit_key.arn],
                    guardrails=[told for each in guardrails for told in (each.guardrail_id, each.arn)],
                    approval_writers=[supervisor.function.role.arn, self._approvals.function.role.arn],
                    override_writers=[self._override.function.role.arn],
                    topic=supervisor.topic_arn,
                    dead_letters=shared.site.name("alerts-undelivered"),
                ),
                after=self._parts(),
            ),
            self._child,
        )

    def _build_dashboard(self, name: str) -> None:
        shared, supervisor = self._shared, self._supervisor
        owner = self._environment.platform.owner
        shown = PlatformDashboardArgs(
            shared=shared,
            on_call=owner.on_call or owner.email,
            alarms=self._watch.alarms,
            supervisor=supervisor.function.name,
            tools={tool: made.function.name for tool, made in self._tools.items()},
            gateway_arn=self._gateway.arn,
            policy_engine_id=self._gateway.engine_id,
            decisions_stream=self._decisions.name,
            undelivered=shared.site.name("alerts-undelivered"),
        )
        self._dashboard = platform_dashboard(f"{name}-dashboard", shown, self._child)

    def _parts(self) -> list[Resource]:
        """All that the platform is made of but the alerts and the teams' boundary."""
        parts: list[Resource | None] = [
            *(self._boundary, self._key, self._audit_key, self._audit, self._lake, self._decisions),
            *(self._supervisor, self._approvals, self._holds, self._override, self._operator, self._domains),
            *(self._idempotency, self._gateway, *self._tools.values()),
            *(self._targets, self._guardrail, self._strict, self._registry, self._auditor),
            *(self._monitor, self._watch, self._dashboard),
        ]
        return [part for part in parts if part is not None]

    def _build_team_boundary(self, name: str) -> None:
        """The boundary of the teams' roles, made when all else stands.

        So it is also deleted first. IAM refuses that while a role of any team has it, and in production the
        engine does: neither a platform that teams still use nor a protected one loses anything else before.
        """
        site = self._shared.site
        self._team_boundary = Boundary(
            f"{name}-team-boundary",
            BoundaryArgs(
                site,
                self._shared.tags,
                site.name("team-boundary"),
                "The most that a role of a team can do.",
                TEAM_ACTIONS,
                of_teams=True,
                after=[*self._parts(), self._alerts],
            ),
            self._child,
        )

    def _outputs(self) -> Mapping[str, Any]:
        """What the stack exports: what teams need, and what an auditor asks for."""
        spec, site = self._environment.platform, self._shared.site
        gateway, supervisor, registry = self._gateway, self._supervisor, self._registry
        functions = [
            supervisor.function,
            self._approvals.function,
            self._override.function,
            self._monitor.function,
            *(tool.function for tool in self._tools.values()),
        ]
        groups = [self._audit.log_group, self._decisions.log_group, *(f.log_group for f in functions)]
        return {
            "environment": site.environment,
            "account": site.account,
            "region": site.region,
            "boundary_arn": self._boundary.arn,
            "team_boundary_arn": self._team_boundary.arn,
            "platform_key_arn": self._key.arn,
            "audit_key_arn": self._audit_key.arn,
            "audit_bucket": self._audit.bucket.bucket,
            "trail_arn": self._audit.trail_arn,
            "organization_id": site.organization,
            "trail_selectors": list(self._audit.selectors),
            "trail_selectors_sha256": self._audit.selectors,
            "audit_workgroup": self._lake.workgroup,
            "audit_database": self._lake.database,
            "audit_queries": self._lake.query_ids,
            "decisions_stream": self._decisions.name,
            "decisions_stream_arn": self._decisions.arn,
            "gateway_arn": gateway.arn,
            "gateway_id": gateway.gateway_id,
            "gateway_url": gateway.url,
            "policy_engine_arn": gateway.engine_arn,
            "policy_engine_id": gateway.engine_id,
            "policy_engine_mode": MODE.value,
            "supervisor_arn": supervisor.function.alias_arn,
            "supervisor_function": supervisor.function.name,
            "agents_table": supervisor.agents.name,
            "agents_table_arn": supervisor.agents.arn,
            "approvals_table": supervisor.approvals.name,
            **self._approvals.outputs,
            "overrides_table": supervisor.overrides.name,
            "versions_table": self._holds.table.name,
            "override_arn": self._override.function.alias_arn,
            "override_url": self._override.url,
            "operator_role_arn": self._operator.arn if self._operator else None,
            "guardrail_id": self._guardrail.guardrail_id,
            "guardrail_arn": self._guardrail.arn,
            "guardrail_version": self._guardrail.version,
            "guardrail_strict_id": self._strict.guardrail_id,
            "guardrail_strict_arn": self._strict.arn,
            "guardrail_strict_version": self._strict.version,
            "registry_id": registry.registry_id if registry else None,
            "registry_arn": registry.arn if registry else None,
            "alerts_topic_arn": supervisor.topic_arn,
            "alerts_undelivered_url": self._alerts.undelivered.url,
            "alert_rules": self._alerts.rules,
            "drift_monitor_function": self._monitor.function.name,
            "drift_monitor_schedule": self._monitor.schedule_name,
            "drift_table": self._monitor.table.name,
            "dashboard": self._dashboard.dashboard_name,
            "documents_bucket": self._domains.bucket.bucket,
            "auditor_role_arn": self._auditor.arn if self._auditor else None,
            "tools": {tool: self._tool_output(tool) for tool in self._tools},
            "waivers": [waiver.model_dump(mode="json") for waiver in spec.waivers],
            "log_groups": dict.fromkeys(groups, site.log_retention_days),
            "retention_days": site.retention_days,
            "lock_mode": spec.lock_mode,
        }

    def _tool_output(self, tool: str) -> Mapping[str, Any]:
        entry, made = self._environment.tools[tool], self._tools[tool]
        return {
            "version": entry.spec.version,
            "target_id": self._targets.target_ids[tool],
            "alias_arn": made.function.alias_arn,
            "role_arn": made.function.role.arn,
            "schema_sha256": entry.schema_sha256,
            "code_sha256": made.code_sha256,
            "risk": entry.spec.risk,
            "access": entry.spec.access,
        }
