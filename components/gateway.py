"""The gateway, the one way to tools: IAM callers only, each call decided by policy, rates limited."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws_native import bedrockagentcore as agentcore

from components import permissions
from components.policy_documents import service_trust
from components.role import Role, RoleArgs
from components.site import Shared
from corral.spec.names import mcp_tool_name

MODE = agentcore.GatewayPolicyEngineMode.ENFORCE
_SERVICE = "bedrock-agentcore.amazonaws.com"
_PRINCIPAL = "$.context.iam.principal"
_TOOL = "toolName"


@dataclass(frozen=True)
class GatewayArgs:
    """Arguments of a Gateway. `rates` are requests a minute by one agent, for each tool."""

    shared: Shared
    rates: Mapping[str, int]


class Gateway(ComponentResource):
    """Policy engine, gateway and rate limits. What no policy permits is denied."""

    def __init__(self, name: str, args: GatewayArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Gateway", name, None, opts)
        shared, site = args.shared, args.shared.site
        engine = agentcore.PolicyEngine(
            f"{name}-engine",
            name=site.name().replace("-", "_"),
            description=f"Which agent of {site.environment} may call which tool.",
            encryption_key_arn=shared.key_arn,
            tags=shared.tags.as_list(),
            opts=ResourceOptions(
                parent=self, delete_before_replace=True
            ),  # its name is taken while it exists
        )
        gateways = site.arn("bedrock-agentcore", f"gateway/{site.name()}-*")
        self.role = Role(
            name,
            RoleArgs(
                shared=shared,
                aws_name=site.name("gateway"),
                description="What the gateway may do: ask the policy engine. Tools are granted one by one.",
                trust=service_trust(site, _SERVICE, site.arn("bedrock-agentcore", "*")),
                grants=[
                    *permissions.policy_decisions(engine.policy_engine_arn, gateways),
                    permissions.key_use(shared.key_arn),
                ],
            ),
            ResourceOptions(parent=self),
        )
        gateway = agentcore.Gateway(
            f"{name}-gateway",
            name=site.name(),
            description=f"The tools of {site.environment}.",
            authorizer_type=agentcore.GatewayAuthorizerType.AWS_IAM,
            protocol_type="MCP",
            role_arn=self.role.arn,
            kms_key_arn=shared.key_arn,
            policy_engine_configuration=agentcore.GatewayPolicyEngineConfigurationArgs(
                arn=engine.policy_engine_arn, mode=MODE
            ),
            tags=shared.tags.as_dict(),
            opts=ResourceOptions(parent=self, depends_on=[self.role.policy]),
        )
        # One limit for all tools: AgentCore takes no two limits with the same dimensions.
        agentcore.GatewayRateLimit(
            f"{name}-rates",
            gateway_identifier=gateway.gateway_identifier,
            rate_limit_id="by-agent-and-tool",
            description="What one agent may ask of one tool.",
            dimension_keys=[_TOOL, _PRINCIPAL],
            entries=[_entry(tool, rate) for tool, rate in args.rates.items()],
            opts=ResourceOptions(parent=self),
        )
        self.engine_arn = engine.policy_engine_arn
        self.engine_id = engine.policy_engine_id
        self.arn = gateway.gateway_arn
        self.gateway_id = gateway.gateway_identifier
        self.url = gateway.gateway_url
        self.register_outputs({"arn": self.arn, "url": self.url, "engine_arn": self.engine_arn})


def _entry(tool: str, rate: int) -> agentcore.GatewayRateLimitLimitEntryArgs:
    return agentcore.GatewayRateLimitLimitEntryArgs(
        dimensions={_TOOL: mcp_tool_name(tool), _PRINCIPAL: "*"},
        requests=[
            agentcore.GatewayRateLimitRateConfigArgs(
                period=agentcore.GatewayRateLimitPeriod.MINUTE, rate=float(rate)
            )
        ],
    )
