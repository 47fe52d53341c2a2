"""An agent's harness, written out in full: what is left to a default here would be allowed."""

from dataclasses import dataclass

from pulumi import Input, ResourceOptions
from pulumi_aws_native import bedrockagentcore as agentcore

from components.tags import Tags
from corral.spec.names import GATEWAY_TOOL, allowed_tool
from corral.spec.resolved import ResolvedAgent

HOOK_SECONDS = 30  # how long an agent waits for the supervisor; then the step is denied
REMEMBERED_MESSAGES = 20
IDLE_SECONDS = 900
LIFETIME_SECONDS = 8 * 3600


@dataclass(frozen=True)
class HarnessParts:
    """What a harness is put together from."""

    aws_name: str
    agent: ResolvedAgent
    role_arn: Input[str]
    model_id: Input[str]  # the ARN of the agent's inference profile
    gateway_arn: Input[str]
    supervisor_arn: Input[str]
    memory_arn: Input[str]
    tags: Tags


def harness(name: str, parts: HarnessParts, opts: ResourceOptions) -> agentcore.Harness:
    """Make the harness of an agent."""
    limits = parts.agent.limits
    return agentcore.Harness(
        name,
        harness_name=parts.aws_name,
        execution_role_arn=parts.role_arn,
        model=agentcore.HarnessModelConfigurationArgs(
            bedrock_model_config=agentcore.HarnessBedrockModelConfigArgs(
                model_id=parts.model_id, max_tokens=limits.max_output_tokens
            )
        ),
        system_prompt=[agentcore.HarnessSystemContentBlockArgs(text=parts.agent.system_prompt)],
        tools=[_gateway(parts)] if parts.agent.tools else [],
        # Absent would mean every tool there is, a shell and the file system included.
        allowed_tools=[allowed_tool(tool) for tool in parts.agent.tools],
        max_iterations=limits.max_iterations,
        max_tokens=limits.max_output_tokens,
        timeout_seconds=limits.timeout_seconds,
        hooks=_hooks(parts.supervisor_arn),
        memory=agentcore.HarnessMemoryConfigurationArgs(
            agent_core_memory_configuration=agentcore.HarnessAgentCoreMemoryConfigurationArgs(
                arn=parts.memory_arn, messages_count=REMEMBERED_MESSAGES
            )
        ),
        environment=_environment(),
        tags=parts.tags.as_list(),
        opts=opts,
    )


def _gateway(parts: HarnessParts) -> agentcore.HarnessToolArgs:
    return agentcore.HarnessToolArgs(
        type=agentcore.HarnessToolType.AGENTCORE_GATEWAY,
        name=GATEWAY_TOOL,
        config=agentcore.HarnessToolConfigurationArgs(
            agent_core_gateway=agentcore.HarnessAgentCoreGatewayConfigArgs(
                gateway_arn=parts.gateway_arn,
                outbound_auth=agentcore.HarnessGatewayOutboundAuthArgs(aws_iam={}),
            )
        ),
    )


def _hooks(supervisor_arn: Input[str]) -> list[agentcore.HarnessHookArgs]:
    target = agentcore.HarnessHookTargetArgs(
        lambda_=agentcore.HarnessHookLambdaTargetArgs(
            arn=supervisor_arn,
            failure_mode=agentcore.HarnessHookLambdaTargetFailureMode.DENY,
            timeout_seconds=HOOK_SECONDS,
        )
    )
    return [
        agentcore.HarnessHookArgs(
            before_invocation=agentcore.HarnessBeforeInvocationHookArgs(
                name="before-invocation", target=target
            )
        ),
        agentcore.HarnessHookArgs(
            before_tool_call=agentcore.HarnessBeforeToolCallHookArgs(name="before-tool-call", target=target)
        ),
        agentcore.HarnessHookArgs(
            after_tool_call=agentcore.HarnessAfterToolCallHookArgs(name="after-tool-call", target=target)
        ),
        agentcore.HarnessHookArgs(
            after_invocation=agentcore.HarnessAfterInvocationHookArgs(name="after-invocation", target=target)
        ),
    ]


def _environment() -> agentcore.HarnessEnvironmentProviderArgs:
    return agentcore.HarnessEnvironmentProviderArgs(
        agent_core_runtime_environment=agentcore.HarnessAgentCoreRuntimeEnvironmentArgs(
            # In a VPC its network interfaces would block the deletion of a harness for hours.
            network_configuration=agentcore.HarnessNetworkConfigurationArgs(
                network_mode=agentcore.HarnessNetworkConfigurationNetworkMode.PUBLIC
            ),
            lifecycle_configuration=agentcore.HarnessLifecycleConfigurationArgs(
                idle_runtime_session_timeout=IDLE_SECONDS, max_lifetime=LIFETIME_SECONDS
            ),
        )
    )
