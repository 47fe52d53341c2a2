"""What AWS's resource handlers do beyond the schema: check parents and roles, fill values in.

An AwsError of a hook ends the request as FAILED, as a handler's error does. Wordings follow AWS's where
known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from corral.local.server.authorize import assumable
from corral.local.server.core import AwsError, Caller, LocalAws, Properties

if TYPE_CHECKING:
    from corral.local.server.cloudcontrol.store import ResourceStore

SERVICE = "bedrock-agentcore.amazonaws.com"
_CORE = "AWS::BedrockAgentCore::"
_GUARDRAIL_VERSION = "AWS::Bedrock::GuardrailVersion"
_SCORED_BY = ("EvaluatorConfig", "Level", "Description")
_GATEWAY_IN_POLICY = re.compile(r'AgentCore::Gateway::"([^"]+)"')


class Hooks:
    """What is particular about one type; this is the type with nothing particular."""

    def prepare(self, aws: LocalAws, store: ResourceStore, new: Properties) -> Properties:
        """Return the properties to make, before id and ARN are known."""
        return new

    def settle(self, aws: LocalAws, store: ResourceStore, new: Properties, before: Properties | None) -> None:
        """Check and complete a resource to be made (`before` is None) or changed. AwsError refuses it."""

    def deleting(self, aws: LocalAws, store: ResourceStore, properties: Properties) -> None:
        """Refuse a deletion with AwsError, or clean up."""


class _Gateway(Hooks):
    def settle(self, aws: LocalAws, store: ResourceStore, new: Properties, before: Properties | None) -> None:
        require_role(aws, new["RoleArn"], new["GatewayArn"])
        engine = new.get("PolicyEngineConfiguration")
        if engine is not None:
            self._check_engine(aws, store, new, engine["Arn"])
        if before is None:
            identifier = new["GatewayIdentifier"]
            new["GatewayUrl"] = f"{aws.endpoint}/gateways/{identifier}/mcp"
            directory = (
                f"arn:aws:bedrock-agentcore:{aws.region}:{aws.account}:workload-identity-directory/default"
            )
            new["WorkloadIdentityDetails"] = {
                "WorkloadIdentityArn": f"{directory}/workload-identity/{identifier}"
            }

    def _check_engine(self, aws: LocalAws, store: ResourceStore, new: Properties, engine: str) -> None:
        store.get(f"{_CORE}PolicyEngine", engine)
        role = role_caller(aws, new["RoleArn"])
        aws.authorize(role, "bedrock-agentcore:GetPolicyEngine", engine)
        for action in ("AuthorizeAction", "PartiallyAuthorizeActions"):
            for resource in (engine, new["GatewayArn"]):
                aws.authorize(role, f"bedrock-agentcore:{action}", resource)

    def deleting(self, aws: LocalAws, store: ResourceStore, properties: Properties) -> None:
        _refuse_children(store, f"{_CORE}GatewayTarget", GatewayIdentifier=properties["GatewayIdentifier"])


class _GatewayTarget(Hooks):
    def prepare(self, aws: LocalAws, store: ResourceStore, new: Properties) -> Properties:
        gateway = store.get(f"{_CORE}Gateway", _required(new, "GatewayIdentifier"))
        _required(new, "Name")
        new["GatewayArn"] = gateway["GatewayArn"]
        return new

    def settle(self, aws: LocalAws, store: ResourceStore, new: Properties, before: Properties | None) -> None:
        function = new["TargetConfiguration"].get("Mcp", {}).get("Lambda")
        if function is None:
            return
        kinds = [each["CredentialProviderType"] for each in new.get("CredentialProviderConfigurations", [])]
        if kinds != ["GATEWAY_IAM_ROLE"]:
            raise AwsError("InvalidRequest", "A Lambda target needs credential provider GATEWAY_IAM_ROLE")
        names = [tool["Name"] for tool in function["ToolSchema"].get("InlinePayload", [])]
        if len(names) != len(set(names)):
            raise AwsError("InvalidRequest", "Two tools of the target have the same name")
        # The server's functions package needs moto, which is imported after the account is set.
        from corral.local.server.functions.resolve import resolve

        resolve(aws, function["LambdaArn"])
        gateway = store.get(f"{_CORE}Gateway", new["GatewayIdentifier"])
        role = role_caller(aws, gateway["RoleArn"])
        aws.authorize(role, "lambda:InvokeFunction", function["LambdaArn"])


class _GatewayRateLimit(Hooks):
    def prepare(self, aws: LocalAws, store: ResourceStore, new: Properties) -> Properties:
        store.get(f"{_CORE}Gateway", _required(new, "GatewayIdentifier"))
        return new


class _PolicyEngine(Hooks):
    def deleting(self, aws: LocalAws, store: ResourceStore, properties: Properties) -> None:
        _refuse_children(store, f"{_CORE}Policy", PolicyEngineId=properties["PolicyEngineId"])
        for gateway in store.list(f"{_CORE}Gateway"):
            if gateway.get("PolicyEngineConfiguration", {}).get("Arn") == properties["PolicyEngineArn"]:
                raise AwsError(
                    "ResourceConflict", f"The policy engine is attached to gateway {gateway['Name']}"
                )


class _Policy(Hooks):
    def prepare(self, aws: LocalAws, store: ResourceStore, new: Properties) -> Properties:
        store.get(f"{_CORE}PolicyEngine", new["PolicyEngineId"])
        return new

    def settle(self, aws: LocalAws, store: ResourceStore, new: Properties, before: Properties | None) -> None:
        new.setdefault("EnforcementMode", "ACTIVE")
        definition = new["Definition"]
        statement = (definition.get("Cedar") or definition["Policy"])["Statement"]
        findings = _findings(store, statement)
        if findings:
            ended = "CREATE_FAILED" if before is None else "UPDATE_FAILED"
            message = f"Policy {new['Name']} ended {ended}: {'; '.join(findings)}"
            raise AwsError("NotStabilized", message)


def _findings(store: ResourceStore, statement: str) -> list[str]:
    """What AWS would find wrong with a statement, given the tools its gateway has at this moment."""
    # Cedar's library loads in 0.1 s: only for those who make policies.
    from corral.local.server.agentcore.cedar_findings import validate_statement
    from corral.local.server.agentcore.tools import gateway_tools

    named = _GATEWAY_IN_POLICY.search(statement)
    gateways = store.list(f"{_CORE}Gateway")
    gateway = next((each for each in gateways if named and each["GatewayArn"] == named[1]), None)
    if gateway is None:
        if named is not None:
            return [f"gateway {named[1]} does not exist"]
        return validate_statement(statement, [], "")
    targets = [
        target
        for target in store.list(f"{_CORE}GatewayTarget")
        if target["GatewayArn"] == gateway["GatewayArn"]
    ]
    tools = [
        {"name": tool.name, "inputSchema": tool.input_schema} for tool in gateway_tools(targets).values()
    ]
    return validate_statement(statement, tools, gateway["GatewayArn"])


class _Harness(Hooks):
    def settle(self, aws: LocalAws, store: ResourceStore, new: Properties, before: Properties | None) -> None:
        require_role(aws, new["ExecutionRoleArn"], new["Arn"])
        if before is not None:
            new["Version"] = str(int(before["Version"]) + 1)

    def deleting(self, aws: LocalAws, store: ResourceStore, properties: Properties) -> None:
        _refuse_children(store, f"{_CORE}HarnessEndpoint", HarnessId=properties["HarnessId"])


class _HarnessEndpoint(Hooks):
    def prepare(self, aws: LocalAws, store: ResourceStore, new: Properties) -> Properties:
        new["HarnessName"] = store.get(f"{_CORE}Harness", new["HarnessId"])["HarnessName"]
        return new

    def settle(self, aws: LocalAws, store: ResourceStore, new: Properties, before: Properties | None) -> None:
        harness = store.get(f"{_CORE}Harness", new["HarnessId"])
        version = new.get("TargetVersion") or harness["Version"]
        store.harness_version(harness["Arn"], version)
        new["LiveVersion"] = version


class _Memory(Hooks):
    def settle(self, aws: LocalAws, store: ResourceStore, new: Properties, before: Properties | None) -> None:
        role = new.get("MemoryExecutionRoleArn")
        if role is not None:
            require_role(aws, role, new["MemoryArn"])
        for strategy in new.get("MemoryStrategies", []):
            for kind, settings in strategy.items():
                if "StrategyId" in settings:
                    continue
                settings["StrategyId"] = f"{settings['Name']}-{new['MemoryId'].rpartition('-')[2]}"
                settings["Type"] = _STRATEGY_TYPES[kind]
                settings["Status"] = "ACTIVE"


_STRATEGY_TYPES = {
    "SemanticMemoryStrategy": "SEMANTIC",
    "SummaryMemoryStrategy": "SUMMARIZATION",
    "UserPreferenceMemoryStrategy": "USER_PREFERENCE",
    "EpisodicMemoryStrategy": "EPISODIC",
    "CustomMemoryStrategy": "CUSTOM",
}


class _Evaluator(Hooks):
    def settle(self, aws: LocalAws, store: ResourceStore, new: Properties, before: Properties | None) -> None:
        if before is not None and any(new.get(key) != before.get(key) for key in _SCORED_BY):
            self._refuse_in_use(store, new["EvaluatorId"], "changed")
        code = new["EvaluatorConfig"].get("CodeBased")
        if code is not None:
            from corral.local.server.functions.resolve import resolve

            resolve(aws, code["LambdaConfig"]["LambdaArn"])

    def deleting(self, aws: LocalAws, store: ResourceStore, properties: Properties) -> None:
        self._refuse_in_use(store, properties["EvaluatorId"], "deleted")

    def _refuse_in_use(self, store: ResourceStore, evaluator: str, what: str) -> None:
        """Refuse as AWS does: it locks an evaluator that an enabled configuration uses."""
        for config in store.list(f"{_CORE}OnlineEvaluationConfig"):
            used = {each["EvaluatorId"] for each in config.get("Evaluators", [])}
            if evaluator in used and config.get("ExecutionStatus") == "ENABLED":
                by = config["OnlineEvaluationConfigName"]
                raise AwsError("ResourceConflict", f"The evaluator is in use by {by} and cannot be {what}")


class _OnlineEvaluationConfig(Hooks):
    def settle(self, aws: LocalAws, store: ResourceStore, new: Properties, before: Properties | None) -> None:
        require_role(aws, new["EvaluationExecutionRoleArn"], new["OnlineEvaluationConfigArn"])
        known = {each["EvaluatorId"] for each in store.list(f"{_CORE}Evaluator")}
        for wanted in (each["EvaluatorId"] for each in new.get("Evaluators", [])):
            if not wanted.startswith(("Builtin.", "ThirdParty.")) and wanted not in known:
                raise AwsError("InvalidRequest", f"There is no evaluator {wanted}")


class _GuardrailVersion(Hooks):
    def prepare(self, aws: LocalAws, store: ResourceStore, new: Properties) -> Properties:
        guardrail = store.get("AWS::Bedrock::Guardrail", new["GuardrailIdentifier"])
        version = store.remember_guardrail(guardrail["GuardrailArn"])
        return new | {
            "GuardrailArn": guardrail["GuardrailArn"],
            "GuardrailId": guardrail["GuardrailId"],
            "Version": version,
        }


class _Guardrail(Hooks):
    def deleting(self, aws: LocalAws, store: ResourceStore, properties: Properties) -> None:
        """Delete its versions with it, as AWS does."""
        for version in store.list(_GUARDRAIL_VERSION):
            if version["GuardrailId"] == properties["GuardrailId"]:
                store.delete(_GUARDRAIL_VERSION, f"{version['GuardrailId']}|{version['Version']}")


class _ApplicationInferenceProfile(Hooks):
    def settle(self, aws: LocalAws, store: ResourceStore, new: Properties, before: Properties | None) -> None:
        new["InferenceProfileIdentifier"] = new["InferenceProfileArn"]
        source = new.get("ModelSource", {}).get("CopyFrom")
        if source is None:
            raise AwsError("InvalidRequest", "ModelSource.CopyFrom is required")
        new.setdefault("Models", _models(source, aws.region))


# The regions a system-defined profile of each geography spreads over (first ones of AWS's lists).
_GEOGRAPHIES = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "eu": ("eu-central-1", "eu-west-1", "eu-west-3"),
    "apac": ("ap-northeast-1", "ap-southeast-1", "ap-southeast-2"),
}


def _models(source: str, region: str) -> list[dict[str, str]]:
    """The foundation models behind a model or a system-defined profile."""
    if ":foundation-model/" in source:
        return [{"ModelArn": source}]
    geography, _, model = source.partition("inference-profile/")[2].partition(".")
    regions = _GEOGRAPHIES.get(geography, (region,))
    return [{"ModelArn": f"arn:aws:bedrock:{each}::foundation-model/{model}"} for each in regions]


class _Registry(Hooks):
    def deleting(self, aws: LocalAws, store: ResourceStore, properties: Properties) -> None:
        _refuse_children(store, "AWS::AgentRegistry::RegistryRecord", RegistryArn=properties["RegistryArn"])


class _RegistryRecord(Hooks):
    def settle(self, aws: LocalAws, store: ResourceStore, new: Properties, before: Properties | None) -> None:
        if (
            before is not None
            and before["Status"] == "DEPRECATED"
            and _besides_tags(new) != _besides_tags(before)
        ):
            raise AwsError("ResourceConflict", "A record that is DEPRECATED cannot be edited any more")

    def prepare(self, aws: LocalAws, store: ResourceStore, new: Properties) -> Properties:
        registry = store.get("AWS::AgentRegistry::Registry", _required(new, "RegistryId"))
        rules = registry.get("ApprovalConfiguration", {}).get("AutoApprovalRules", [])
        status = {"Status": "APPROVED"} if "APPROVE_ALL" in rules else {}
        return (
            new
            | status
            | {
                "RegistryId": registry["RegistryId"],
                "RegistryArn": registry["RegistryArn"],
                "CreatedBy": aws.account,
            }
        )


def _besides_tags(record: Properties) -> Properties:
    return {name: value for name, value in record.items() if name not in ("Tags", "UpdatedAt")}


def _required(properties: Properties, name: str) -> str:
    if name not in properties:
        raise AwsError("InvalidRequest", f"{name} is required")
    return str(properties[name])


def _refuse_children(store: ResourceStore, type_name: str, **equal: Any) -> None:
    child = store.find(type_name, **equal)
    if child is not None:
        raise AwsError(
            "ResourceConflict", f"It still has a {type_name.rpartition('::')[2]}; delete that first"
        )


def role_caller(aws: LocalAws, role_arn: str) -> Caller:
    """Return a role as AgentCore acts with it, to ask what it may do."""
    arn = f"arn:aws:sts::{aws.account}:assumed-role/{role_arn.rpartition('/')[2]}/bedrock-agentcore"
    return Caller(arn, aws.account, "", role_arn)


def require_role(aws: LocalAws, role_arn: str, source_arn: str) -> None:
    """Refuse a role that does not exist or that AgentCore may not assume for this resource."""
    if not assumable(aws, role_arn, SERVICE, source_arn):
        raise AwsError(
            "InvalidRequest",
            f"Role validation failed for '{role_arn}'. Please verify that the role exists and its trust "
            f"policy allows assumption by this service ({SERVICE} for {source_arn})",
        )


HOOKS: dict[str, Hooks] = {
    f"{_CORE}Gateway": _Gateway(),
    f"{_CORE}GatewayTarget": _GatewayTarget(),
    f"{_CORE}GatewayRateLimit": _GatewayRateLimit(),
    f"{_CORE}PolicyEngine": _PolicyEngine(),
    f"{_CORE}Policy": _Policy(),
    f"{_CORE}Harness": _Harness(),
    f"{_CORE}HarnessEndpoint": _HarnessEndpoint(),
    f"{_CORE}Memory": _Memory(),
    f"{_CORE}Evaluator": _Evaluator(),
    f"{_CORE}OnlineEvaluationConfig": _OnlineEvaluationConfig(),
    "AWS::Bedrock::Guardrail": _Guardrail(),
    "AWS::Bedrock::GuardrailVersion": _GuardrailVersion(),
    "AWS::Bedrock::ApplicationInferenceProfile": _ApplicationInferenceProfile(),
    "AWS::AgentRegistry::Registry": _Registry(),
    "AWS::AgentRegistry::RegistryRecord": _RegistryRecord(),
}
