"""The gateway's targets: each tool of the catalogue, offered under its own name with its own schema."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import iam
from pulumi_aws_native import bedrockagentcore as agentcore

from components import permissions
from components.gateway import Gateway
from components.policy_documents import policy
from components.tools import Tool
from corral.spec.catalogue import CatalogueTool
from corral.spec.tool import ArgumentSchema

_MAX_DESCRIPTION = 200


@dataclass(frozen=True)
class TargetsArgs:
    """Arguments of Targets: the catalogue, and the function of each of its tools."""

    gateway: Gateway
    catalogue: Mapping[str, CatalogueTool]
    tools: Mapping[str, Tool]


class Targets(ComponentResource):
    """A target for each tool, on its function's alias. Moving the alias rolls a tool back."""

    def __init__(self, name: str, args: TargetsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Targets", name, None, opts)
        aliases = [tool.function.alias_arn for tool in args.tools.values()]
        # AgentCore tries a tool when its target is made: the grant has to be there first.
        grant = iam.RolePolicy(
            f"{name}-invoke",
            name="tools",
            role=args.gateway.role.name,
            policy=policy([permissions.function_invoke("Tools", aliases)]),
            opts=ResourceOptions(parent=self),
        )
        self.target_ids: dict[str, Output[str]] = {}
        for tool, entry in args.catalogue.items():
            target = agentcore.GatewayTarget(
                f"{name}-{tool}",
                name=tool,
                description=entry.spec.summary[:_MAX_DESCRIPTION],
                gateway_identifier=args.gateway.gateway_id,
                target_configuration=_configuration(entry, args.tools[tool]),
                credential_provider_configurations=[
                    agentcore.GatewayTargetCredentialProviderConfigurationArgs(
                        credential_provider_type=agentcore.GatewayTargetCredentialProviderType.GATEWAY_IAM_ROLE
                    )
                ],
                opts=ResourceOptions(parent=self, depends_on=[grant]),
            )
            self.target_ids[tool] = target.target_id
        self.register_outputs({"target_ids": self.target_ids})


def _configuration(
    entry: CatalogueTool, tool: Tool
) -> agentcore.GatewayTargetTargetConfiguration0PropertiesArgs:
    spec = entry.spec
    definition = agentcore.GatewayTargetToolDefinitionArgs(
        name=spec.tool,
        description=spec.description,
        input_schema=_schema(spec.input),
        output_schema=_schema(spec.output) if spec.output is not None else None,
    )
    function = agentcore.GatewayTargetMcpLambdaTargetConfigurationArgs(
        lambda_arn=tool.function.alias_arn,
        tool_schema=agentcore.GatewayTargetToolSchema1PropertiesArgs(inline_payload=[definition]),
    )
    return agentcore.GatewayTargetTargetConfiguration0PropertiesArgs(
        mcp=agentcore.GatewayTargetMcpTargetConfiguration2PropertiesArgs(lambda_=function)
    )


def _schema(schema: ArgumentSchema) -> agentcore.GatewayTargetSchemaDefinitionArgs:
    properties = schema.properties
    return agentcore.GatewayTargetSchemaDefinitionArgs(
        type=agentcore.GatewayTargetSchemaType(schema.type),
        description=schema.description,
        properties={key: _schema(value) for key, value in properties.items()} if properties else None,
        required=list(schema.required) if schema.required else None,
        items=_schema(schema.items) if schema.items is not None else None,
    )
