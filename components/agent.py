"""An agent: a harness with its role, its model, the tools it is granted, and the supervisor on every step."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import dynamodb
from pulumi_aws_native import bedrock
from pulumi_aws_native import bedrockagentcore as agentcore

from components import canary, permissions
from components.agent_config import config_item
from components.alerts_topic import team_topic
from components.canary import Served
from components.harness import HarnessParts, harness
from components.holds import Held
from components.policy_documents import service_trust
from components.role import Role, RoleArgs
from components.site import Shared
from corral.cedar import agent_policies
from corral.spec.names import ENDPOINT, agent_role_name, harness_name, policy_name
from corral.spec.resolved import ResolvedAgent
from corral.spec.tool import Tool

_SERVICE = "bedrock-agentcore.amazonaws.com"


@dataclass(frozen=True)
class AgentArgs:
    """Arguments of an Agent. What is not its own is the platform's or, like `memory_arn`, the team's."""

    shared: Shared
    agent: ResolvedAgent
    tools: Mapping[str, Tool]  # the catalogue
    gateway_arn: Input[str]
    policy_engine_id: Input[str]
    supervisor_arn: Input[str]
    agents_table: Input[str]
    memory_arn: Input[str]
    held: Held
    approvers: Sequence[str]  # names of the people who decide on its held calls


class Agent(ComponentResource):
    """Everything of one agent. It is registered by its team, once the front door it is reached at exists.

    Names follow from the agent's `key`, so that a renamed agent stays what it is, and tags and texts from its name.
    """

    def __init__(self, name: str, args: AgentArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Agent", name, None, opts)
        agent, site = args.agent, args.shared.site
        child = ResourceOptions(parent=self)
        tags = args.shared.tags.of_agent(agent.name)
        self.tags = tags
        profile = bedrock.ApplicationInferenceProfile(
            f"{name}-model",
            inference_profile_name=site.name(agent.team, agent.key, _fingerprint(_model_source(args))),
            description=f"What {agent.team} {agent.key} spends on its model",  # for good, as the name
            model_source=bedrock.ApplicationInferenceProfileInferenceProfileModelSourcePropertiesArgs(
                copy_from=_model_source(args)
            ),
            tags=tags.as_list(),
            # Unless told so, aws-native deletes what it replaces first, and what is served would lose its model.
            opts=ResourceOptions(parent=self, delete_before_replace=False),
        )
        harness_id = harness_name(site.environment, agent.team, agent.key)
        role = Role(
            name,
            RoleArgs(
                shared=replace(args.shared, tags=tags),
                aws_name=agent_role_name(site.environment, agent.team, agent.key),
                description=f"What the agent {agent.team}/{agent.name} may do.",
                trust=service_trust(site, _SERVICE, site.arn("bedrock-agentcore", "harness/*")),
                grants=[
                    *permissions.model_invoke(profile.inference_profile_arn, _model_arns(args)),
                    *permissions.harness_runtime(site, harness_id),
                    permissions.gateway_invoke(args.gateway_arn),
                    permissions.memory_use(args.memory_arn),
                    permissions.key_use(args.shared.key_arn),
                    permissions.function_invoke("Supervisor", [args.supervisor_arn]),
                ],
                # Until the endpoint moves, what it serves invokes the former model.
                policy_name=f"permissions-{_fingerprint(_model_source(args), *_model_arns(args))}",
            ),
            child,
        )
        made = harness(
            f"{name}-harness",
            HarnessParts(
                aws_name=harness_id,
                agent=agent,
                role_arn=role.arn,
                model_id=profile.inference_profile_arn,
                gateway_arn=args.gateway_arn,
                supervisor_arn=args.supervisor_arn,
                memory_arn=args.memory_arn,
                tags=tags,
            ),
            ResourceOptions(parent=self, depends_on=[role.policy]),
        )
        target = f"{agent.team}/{agent.key}"
        both: Served | None = None
        if agent.canary is not None:
            model = _fingerprint(_model_source(args), *_model_arns(args))
            both = canary.served(
                name, target, made.arn, made.version, args.held, args.agents_table, model, self
            )
        served = both.live if both is not None else args.held.version(target, made.arn, made.version)
        config = dynamodb.TableItem(
            f"{name}-config",
            table_name=args.agents_table,
            hash_key="agent",
            range_key="item",
            item=Output.all(made.arn, served).apply(
                lambda told: json.dumps(
                    config_item(agent, args.tools, args.approvers, team_topic(args.shared), *told)
                )
            ),
            opts=child,
        )
        policies, self.policy_sha256 = self._policies(name, args)
        self.policy_ids = [policy.policy_id for policy in policies]
        # A version is served once supervisor and gateway know what it may do.
        known = ResourceOptions(parent=self, depends_on=[config, *policies])
        endpoint = agentcore.HarnessEndpoint(
            f"{name}-live",
            harness_id=made.harness_id,
            endpoint_name=ENDPOINT,
            description="What callers use.",
            target_version=served,
            tags=tags.as_list(),
            opts=known,
        )
        self.canary_arn: Output[str] | None = None
        if both is not None:
            self.canary_arn = canary.canary_endpoint(name, made.harness_id, both.canary, tags, known).arn
        self.harness_arn = made.arn
        self.harness_id = made.harness_id
        self.endpoint_arn = endpoint.arn
        self.endpoint_arns = [arn for arn in (endpoint.arn, self.canary_arn) if arn is not None]
        self.role_arn = role.arn
        self.profile_arn = profile.inference_profile_arn
        self.register_outputs({"harness_arn": self.harness_arn, "role_arn": self.role_arn})

    def _policies(self, name: str, args: AgentArgs) -> tuple[list[agentcore.Policy], Output[str]]:
        """Permit the agent its tools. Every target exists by now: the platform's stack comes first."""
        agent, account = args.agent, args.shared.site.account

        def statements(gateway_arn: str) -> tuple[str, ...]:
            return agent_policies(agent, args.tools, gateway_arn, account)

        # How many policies there are must be known before the gateway's id; ids are all as long as this one.
        stand_in = args.shared.site.arn("bedrock-agentcore", f"gateway/{args.shared.site.name()}-0123456789")
        texts = Output.from_input(args.gateway_arn).apply(statements)
        made: list[agentcore.Policy] = []
        for index in range(len(statements(stand_in))):
            suffix = f"_{index + 1}" if index else ""
            policy = agentcore.Policy(
                f"{name}-policy{suffix.replace('_', '-')}-cedar",
                name=f"{policy_name(agent.environment, agent.team, agent.key)}{suffix}",
                description=f"The tools of {agent.team}/{agent.name}.",
                policy_engine_id=args.policy_engine_id,
                definition=agentcore.PolicyDefinitionArgs(
                    cedar=agentcore.PolicyCedarPolicyArgs(statement=texts[index])
                ),
                enforcement_mode=agentcore.PolicyEnforcementMode.ACTIVE,
                validation_mode=agentcore.PolicyValidationMode.FAIL_ON_ANY_FINDINGS,
                # Its name is taken while it exists. Until the new one is there the agent's calls are denied.
                opts=ResourceOptions(parent=self, delete_before_replace=True),
            )
            made.append(policy)
        return made, texts.apply(lambda found: hashlib.sha256("\n\n".join(found).encode()).hexdigest())


def _fingerprint(*model: str) -> str:
    """Part of a name, so that for another model another thing is made, and the old one serves until then."""
    return hashlib.sha256("\n".join(model).encode()).hexdigest()[:8]


def _model_source(args: AgentArgs) -> str:
    site, model = args.shared.site, args.agent.model
    if model.inference_profile is not None:
        return site.arn("bedrock", f"inference-profile/{model.inference_profile}")
    return f"arn:{site.partition}:bedrock:{site.region}::foundation-model/{model.id}"


def _model_arns(args: AgentArgs) -> list[str]:
    site, model = args.shared.site, args.agent.model
    region = site.region if model.inference_profile is None else "*"
    return [f"arn:{site.partition}:bedrock:{region}::foundation-model/{model.id}"]
