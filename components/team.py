"""A team's part of an environment: its key, its memory, its agents, its front door, its operators."""

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi import ComponentResource, Output, ResourceOptions

from components import permissions
from components.agent import Agent, AgentArgs
from components.dead_letters import DeadLetters, DeadLettersArgs
from components.front_door import FrontDoor, FrontDoorArgs
from components.holds import Held
from components.keys import Key, KeyArgs
from components.memory import Memory, MemoryArgs
from components.outputs import PlatformOutputs
from components.policy_documents import Grant
from components.registry import RetiredAgent, agent_record
from components.roles import Approver, ApproverArgs, Operator, OperatorArgs
from components.schedule import Scheduled, Schedules, SchedulesArgs
from components.site import Shared, Site
from components.tags import Tags
from components.team_dashboard import TeamDashboardArgs, team_dashboard
from components.team_watch import TeamWatch, TeamWatchArgs
from components.tools import reports_bucket
from corral.spec.approvers import deciders, decision_rights
from corral.spec.load import Environment
from corral.spec.model import Owner
from corral.spec.rights import session_name
from corral.spec.team import Retired


class Team(ComponentResource):
    """One team. It reads the platform's outputs; nothing of another team is in reach of it."""

    def __init__(
        self,
        name: str,
        environment: Environment,
        team: str,
        platform: PlatformOutputs,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__("corral:index:Team", name, None, opts)
        child = ResourceOptions(parent=self)
        spec, site = environment.teams[team], Site.of(environment.platform)
        held = Held.read(site)
        tags = Tags(site.environment, team, spec.owner.email, spec.cost.center)
        judged = any(agent.judges or agent.coded for agent in environment.agents[team].values())
        about = f"What team {team} keeps in {site.environment}."
        key = Key(
            f"{name}-key", KeyArgs(site, tags, site.name("team", team), about, evaluators=judged), child
        )
        shared = Shared(site, tags, platform.team_boundary_arn, key.arn, team)
        memory = Memory(f"{name}-memory", MemoryArgs(shared), child)
        catalogue = {tool: entry.spec for tool, entry in environment.tools.items()}
        self._specs = environment.agents[team]
        self._writes_reports = any(
            "reports" in catalogue[tool].needs for agent in self._specs.values() for tool in agent.tools
        )
        self.agents = {
            agent: Agent(
                f"{name}-{resolved.key}",
                AgentArgs(
                    shared=shared,
                    agent=resolved,
                    tools=catalogue,
                    gateway_arn=platform.gateway_arn,
                    policy_engine_id=platform.policy_engine_id,
                    supervisor_arn=platform.supervisor_arn,
                    agents_table=platform.agents_table,
                    memory_arn=memory.arn,
                    held=held,
                    approvers=[session_name(arn) for arn in spec.members.approvers],
                ),
                child,
            )
            for agent, resolved in self._specs.items()
        }
        scheduled = {
            agent: Scheduled(agent, spec.key, spec.schedule)
            for agent, spec in self._specs.items()
            if spec.schedule is not None
        }
        dead_letters = None
        if scheduled:
            letters = DeadLettersArgs(shared, site.name("team", team, "dead-letters"))
            dead_letters = DeadLetters(f"{name}-dead-letters", letters, child)
        front_door = FrontDoor(
            f"{name}-front-door",
            FrontDoorArgs(
                shared=shared,
                root=environment.root,
                agents=self.agents,
                specs=self._specs,
                guardrails=platform.guardrails,
                guardrail_key_arn=platform.platform_key_arn,
                dead_letters_arn=dead_letters.arn if dead_letters else None,
            ),
            child,
        )
        self._schedules: Schedules | None = None
        if dead_letters is not None:
            args = SchedulesArgs(shared, scheduled, front_door.function.alias_arn, dead_letters.arn)
            self._schedules = Schedules(f"{name}-schedules", args, child)
        people = deciders(spec)
        operator = Operator(
            f"{name}-operator",
            OperatorArgs(
                shared=shared,
                people=spec.members.operators,
                deciders=people,
                front_door_arn=front_door.function.alias_arn,
                override_arn=platform.override_arn,
                may_read=self._reports(shared, platform),
            ),
            child,
        )
        approver = None
        if people:
            approver = Approver(
                f"{name}-approver", ApproverArgs(shared, people, platform.approvals_arn), child
            )
        self._watch = TeamWatch(
            f"{name}-watch",
            TeamWatchArgs(
                shared=shared,
                root=environment.root,
                agents=list(self._specs.values()),
                on_call=_heard_at(spec.owner),
                topic_key_arn=platform.platform_key_arn,
                platform_topic_arn=platform.alerts_topic_arn,
                front_door=front_door.function.name,
                monthly_budget_usd=spec.cost.monthly_budget_usd,
                platform_email=_heard_at(environment.platform.owner),
            ),
            child,
        )
        shown = TeamDashboardArgs(
            shared=shared,
            agents=list(self._specs.values()),
            on_call=spec.owner.on_call or spec.owner.email,
            monthly_budget_usd=spec.cost.monthly_budget_usd,
            alarms=self._watch.all_alarms,
            front_door=front_door.function.name,
        )
        board = team_dashboard(f"{name}-dashboard", shown, child)
        records = self._register(name, front_door.url, platform.registry_id)
        retired = self._retire(name, spec.retired, shared, platform.registry_id)
        self.outputs: Mapping[str, Any] = {
            "team": team,
            "front_door_url": front_door.url,
            "front_door_function": front_door.function.name,
            "operator_role_arn": operator.arn,
            "approver_role_arn": approver.arn if approver else None,
            "approvers": decision_rights(spec, self._specs),
            "memory_id": memory.memory_id,
            "memory_arn": memory.arn,
            "team_key_arn": key.arn,
            "alerts_topic_arn": self._watch.topic.arn,
            "budget": self._watch.budget.name,
            "evaluations_log_group": self._watch.results,
            "dashboard": board.dashboard_name,
            "agents": {agent: self._agent_output(agent, records.get(agent)) for agent in self.agents},
            "reports_uri": f"s3://{reports_bucket(site)}/{team}/" if self._writes_reports else "",
            "retired": retired,
        }
        self.register_outputs(self.outputs)

    def _reports(self, shared: Shared, platform: PlatformOutputs) -> Sequence[Grant]:
        """What the team's people need to read the reports of its agents, if one of them writes any."""
        if not self._writes_reports:
            return ()
        bucket = shared.site.bucket_arn(reports_bucket(shared.site))
        return permissions.report_reading(bucket, shared.owner, platform.platform_key_arn)

    def _register(
        self, name: str, url: Output[str], registry_id: Output[str] | None
    ) -> dict[str, Output[str]]:
        """Record each agent, under the address it is called at, where there is a registry."""
        if registry_id is None:
            return {}
        return {
            agent: agent_record(
                f"{name}-{self._specs[agent].key}",
                self._specs[agent],
                Output.concat(url, f"v1/agents/{agent}"),
                registry_id,
                made.tags,
                made,
            ).record_arn
            for agent, made in self.agents.items()
        }

    def _retire(
        self, name: str, retired: Sequence[Retired], shared: Shared, registry_id: Output[str] | None
    ) -> dict[str, Output[str] | None]:
        """Keep the record of each agent that is no more, and return its ARN."""
        child = ResourceOptions(parent=self)
        return {
            gone.name: RetiredAgent(
                f"{name}-{gone.key}", shared.owner, gone, registry_id, shared.tags, child
            ).record_arn
            if registry_id is not None
            else None
            for gone in retired
        }

    def _agent_output(self, agent: str, record_arn: Output[str] | None) -> Mapping[str, Any]:
        spec, made = self._specs[agent], self.agents[agent]
        schedule = None
        if spec.schedule is not None and self._schedules is not None:
            schedule = {
                "name": self._schedules.names[agent],
                "arn": self._schedules.arns[agent],
                "expression": spec.schedule.expression,
                "dead_letters_arn": self._schedules.dead_letters_arn,
            }
        return {
            "role_arn": made.role_arn,
            "harness_arn": made.harness_arn,
            "harness_id": made.harness_id,
            "endpoint_arn": made.endpoint_arn,
            "inference_profile_arn": made.profile_arn,
            "policy_id": made.policy_ids[0] if made.policy_ids else None,
            "policy_ids": made.policy_ids,
            "policy_sha256": made.policy_sha256,
            "tools": list(spec.tools),
            "domains": list(spec.domains),
            "registry_record_arn": record_arn,
            "schedule": schedule,
            "evaluation_arn": self._watch.evaluations[agent],
            "drift_alarm_arn": self._watch.alarms[agent],
            "model": spec.model_name,
            "stage": spec.stage,
            "template": spec.template,
            "owner": spec.owner.email,
        }


def _heard_at(owner: Owner) -> str:
    """Where an owner reads what must not wait."""
    return owner.on_call or owner.email
