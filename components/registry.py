"""The registry: what agents and tools exist, for people and agents to find. Not every region has one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_aws_native import agentregistry

from components.site import Shared
from components.tags import Tags
from corral.spec.catalogue import CatalogueTool
from corral.spec.resolve import ResolvedAgent

A2A_PROTOCOL = "0.3.0"  # of the agent cards


@dataclass(frozen=True)
class RegistryArgs:
    """Arguments of a Registry."""

    shared: Shared
    catalogue: Mapping[str, CatalogueTool]


class Registry(ComponentResource):
    """A registry with a record of each tool. A record is a draft until a person approves it."""

    def __init__(self, name: str, args: RegistryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Registry", name, None, opts)
        shared = args.shared
        registry = agentregistry.Registry(
            f"{name}-registry",
            name=shared.site.name(),
            description=f"The agents and tools of {shared.site.environment}.",
            authorizer_type=agentregistry.RegistryAuthorizerType.AWS_IAM,
            encryption_configuration=agentregistry.RegistryEncryptionConfigurationArgs(
                kms_key_arn=shared.key_arn
            ),
            tags=shared.tags.as_list(),
            opts=ResourceOptions(parent=self, protect=shared.site.production),  # it holds people's approvals
        )
        for tool, entry in args.catalogue.items():
            _tool_record(f"{name}-{tool}", entry, registry.registry_id, shared.tags, self)
        self.registry_id = registry.registry_id
        self.arn = registry.registry_arn
        self.register_outputs({"registry_id": self.registry_id, "arn": self.arn})


def _tool_record(
    name: str, entry: CatalogueTool, registry_id: Input[str], tags: Tags, parent: Resource
) -> agentregistry.RegistryRecord:
    spec = entry.spec
    server = {"name": f"corral/{spec.tool}", "description": spec.summary, "version": spec.version}
    tools = agentregistry.RegistryRecordMcpToolsDescriptorArgs(data=_json({"tools": [spec.definition()]}))
    return agentregistry.RegistryRecord(
        f"{name}-record",
        registry_id=registry_id,
        name=f"tools/{spec.tool}",
        display_name=spec.tool,
        description=spec.summary,
        record_type=agentregistry.RegistryRecordRecordType.MCP,
        record_version=spec.version,
        descriptors=agentregistry.RegistryRecordDescriptorsArgs(
            mcp_server=agentregistry.RegistryRecordMcpServerDescriptorArgs(
                data=_json(server),
                additional_data=agentregistry.RegistryRecordMcpServerAdditionalDataArgs(tools=tools),
            )
        ),
        custom_metadata={
            "owner": spec.owner.email,
            "access": spec.access,
            "risk": spec.risk,
            "schema_sha256": entry.schema_sha256,
        },
        tags=tags.as_list(),
        opts=ResourceOptions(parent=parent),
    )


def agent_record(
    name: str, agent: ResolvedAgent, url: Input[str], registry_id: Input[str], tags: Tags, parent: Resource
) -> agentregistry.RegistryRecord:
    """Register an agent. `url` is where it is called: its address at the front door."""
    card = Output.from_input(url).apply(lambda url: _json(_card(agent, url)))
    return agentregistry.RegistryRecord(
        f"{name}-record",
        registry_id=registry_id,
        name=f"agents/{agent.team}/{agent.name}",
        display_name=f"{agent.team}/{agent.name}",
        description=f"{agent.template}, of team {agent.team}.",
        record_type=agentregistry.RegistryRecordRecordType.AGENT,
        record_version=agent.template.rpartition("@")[2],
        descriptors=agentregistry.RegistryRecordDescriptorsArgs(
            a2a_agent_card=agentregistry.RegistryRecordA2aAgentCardDescriptorArgs(data=card)
        ),
        custom_metadata={
            "owner": agent.owner.email,
            "stage": agent.stage,
            "template": agent.template,
            "model": agent.model_name,
            "tools": " ".join(agent.tools),
            "domains": " ".join(agent.domains),
        },
        tags=tags.as_list(),
        opts=ResourceOptions(parent=parent),
    )


def _card(agent: ResolvedAgent, url: str) -> dict[str, Any]:
    """An A2A agent card."""
    text: Sequence[str] = ["text/plain"]
    return {
        "protocolVersion": A2A_PROTOCOL,
        "name": f"{agent.team}/{agent.name}",
        "description": f"Agent {agent.name} of team {agent.team}, from template {agent.template}.",
        "url": url,
        "version": agent.template.rpartition("@")[2],
        "provider": {"organization": agent.owner.name, "url": f"mailto:{agent.owner.email}"},
        "capabilities": {"streaming": False},
        "defaultInputModes": text,
        "defaultOutputModes": text,
        "skills": [
            {"id": tool, "name": tool, "description": f"May call the tool {tool}.", "tags": ["tool"]}
            for tool in agent.tools
        ],
    }


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
