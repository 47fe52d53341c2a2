"""The registry: what agents and tools exist, and which no longer do. Not every region has one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_aws_native import agentregistry

from components.site import Shared
from components.tags import Tags
from corral.spec.catalogue import CatalogueTool
from corral.spec.resolved import ResolvedAgent
from corral.spec.team import Retired

A2A_PROTOCOL = "0.3.0"  # of the agent cards
NOWHERE = "https://retired.invalid/"  # a card needs an address: this one is never any (RFC 2606)


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
    return _agent_record(
        name,
        f"{agent.team}/{agent.name}",
        template=agent.template,
        description=f"{agent.template}, of team {agent.team}.",
        card=Output.from_input(url).apply(lambda url: _json(_card(agent, url))),
        registry_id=registry_id,
        metadata={
            "owner": agent.owner.email,
            "stage": agent.stage,
            "template": agent.template,
            "model": agent.model_name,
            "tools": " ".join(agent.tools),
            "domains": " ".join(agent.domains),
        },
        tags=tags,
        parent=parent,
    )


class RetiredAgent(ComponentResource):
    """What is left of an agent that is no more: its record, which says so.

    It has the agent's own type token and name, so that the record is the agent's, changed and not made anew. Once
    it is marked deprecated AWS takes no change to it: it says nothing that may change later.
    """

    def __init__(
        self,
        name: str,
        team: str,
        retired: Retired,
        registry_id: Input[str],
        tags: Tags,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__("corral:index:Agent", name, None, opts)
        called, said = f"{team}/{retired.name}", f"Retired on {retired.since}: {retired.reason}"
        card = {
            "protocolVersion": A2A_PROTOCOL,
            "name": called,
            "description": said,
            "url": NOWHERE,
            "version": _version(retired.template),
            "capabilities": {"streaming": False},
            "defaultInputModes": ["text/plain"],
            "defaultOutputModes": ["text/plain"],
            "skills": [],
        }
        record = _agent_record(
            name,
            called,
            template=retired.template,
            description=said,
            card=_json(card),
            registry_id=registry_id,
            metadata={"stage": "retired", "template": retired.template},
            tags=tags.of_agent(retired.name),
            parent=self,
        )
        self.record_arn = record.record_arn
        self.register_outputs({"record_arn": self.record_arn})


def _agent_record(
    name: str,
    called: str,
    *,
    template: str,
    description: str,
    card: Input[str],
    registry_id: Input[str],
    metadata: Mapping[str, str],
    tags: Tags,
    parent: Resource,
) -> agentregistry.RegistryRecord:
    """Make an agent's record, under the one logical name that it has for good."""
    return agentregistry.RegistryRecord(
        f"{name}-record",
        registry_id=registry_id,
        name=f"agents/{called}",
        display_name=called,
        description=description,
        record_type=agentregistry.RegistryRecordRecordType.AGENT,
        record_version=_version(template),
        descriptors=agentregistry.RegistryRecordDescriptorsArgs(
            a2a_agent_card=agentregistry.RegistryRecordA2aAgentCardDescriptorArgs(data=card)
        ),
        custom_metadata=metadata,
        tags=tags.as_list(),
        opts=ResourceOptions(parent=parent),
    )


def _version(template: str) -> str:
    return template.rpartition("@")[2]


def _card(agent: ResolvedAgent, url: str) -> dict[str, Any]:
    """An A2A agent card."""
    text: Sequence[str] = ["text/plain"]
    return {
        "protocolVersion": A2A_PROTOCOL,
        "name": f"{agent.team}/{agent.name}",
        "description": f"Agent {agent.name} of team {agent.team}, from template {agent.template}.",
        "url": url,
        "version": _version(agent.template),
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
