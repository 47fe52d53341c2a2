"""Where each action of a deployer is allowed: the resources of an environment, or of one team, and conditions.

A team's deployers share their policies. What is a team's own is said with IAM's own variables, which stand for
tags of the role that deploys: corral-team has the team's name, corral-team-key the name as AgentCore takes it.
Where AWS makes up a resource's id, its tags say whose it is; where it has neither name nor tags to go by, as
at its creation, the tags that are asked for do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from corral.bootstrap.document import Sub, arn, bucket_arn, global_arn
from corral.spec.names import audit_database, role_path

Conditions = Mapping[str, Mapping[str, Any]]

TEAM_TAG = "corral-team"
KEY_TAG = "corral-team-key"
TEAM = f"${{aws:PrincipalTag/{TEAM_TAG}}}"
KEY = f"${{aws:PrincipalTag/{KEY_TAG}}}"
_ALIASES = ("CreateAlias", "UpdateAlias", "DeleteAlias")  # on the alias, and on the key as all else
_DASHBOARDS = (
    "PutDashboard",
    "GetDashboard",
    "DeleteDashboards",
)  # they have a name, and neither region nor tags
_LAYER_ACCOUNT = "017000801446"  # AWS's own, of the Powertools layer


@dataclass(frozen=True)
class Place:
    """Resources, and the actions allowed on them. Without `actions`: all others of the service.

    What is `also` allowed here is not taken from those others.
    """

    name: str
    service: str
    resources: Sequence[str]
    actions: Sequence[str] = ()  # without the service
    conditions: Conditions = field(default_factory=dict)
    also: bool = False


@dataclass(frozen=True)
class Scope:
    """What is whose: a whole environment's, or one team's. Names end where those of another begin."""

    environment: str
    roles: str  # IAM path below /corral/
    functions: Sequence[str]
    evaluators: Sequence[str]  # those of the functions that are evaluators, which AWS tries
    key_prefix: str  # how names of AgentCore's begin
    tags: Mapping[str, str]  # on everything of it
    boundaries: Sequence[Sub]
    services: Sequence[str]  # that its roles are passed to


def boundary_arn(environment: str, name: str) -> Sub:
    """Return the ARN of one of the two boundaries: `boundary` or `team-boundary`."""
    return global_arn("iam", f"policy{role_path(environment, 'platform')}corral-{environment}-{name}")


def environment_scope(environment: str) -> Scope:
    """Return all of an environment, teams included."""
    return Scope(
        environment=environment,
        roles="*",
        functions=[f"corral-{environment}-*"],
        evaluators=[f"corral-{environment}-eval-*"],
        key_prefix=f"{environment}_",
        tags={"corral:environment": environment},
        boundaries=[boundary_arn(environment, "boundary"), boundary_arn(environment, "team-boundary")],
        services=["lambda", "bedrock-agentcore", "cloudtrail", "firehose", "scheduler"],
    )


def team_scope(environment: str) -> Scope:
    """Return what is of the team of whoever asks."""
    door, evaluators = f"corral-{environment}-front-door-{TEAM}", f"corral-{environment}-eval-{TEAM}_*"
    return Scope(
        environment=environment,
        roles=f"{TEAM}/*",
        functions=[door, f"{door}:*", evaluators],
        evaluators=[evaluators],
        key_prefix=f"{environment}_{KEY}",
        tags={"corral:environment": environment, "corral:team": TEAM},
        boundaries=[boundary_arn(environment, "team-boundary")],
        services=["lambda", "bedrock-agentcore", "scheduler"],
    )


def asked(scope: Scope) -> dict[str, Any]:
    """Return the condition that what is made gets the tags of its owner."""
    return {f"aws:RequestTag/{key}": value for key, value in scope.tags.items()}


def tagged(tags: Mapping[str, str]) -> dict[str, Any]:
    """Return the condition that a resource has some tags."""
    return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}


def common(scope: Scope) -> list[Place]:
    """Return the places that both deployers have, each its own."""
    roles = [global_arn("iam", f"role/corral/{scope.environment}/{scope.roles}")]
    own, new = {"StringEquals": tagged(scope.tags)}, {"StringEquals": asked(scope)}
    no_tags_yet = {**new, "Null": {f"aws:ResourceTag/{key}": "true" for key in scope.tags}}
    functions = [arn("lambda", f"function:{name}") for name in scope.functions]
    bound = {"StringEquals": {"iam:PermissionsBoundary": list(scope.boundaries)}}
    passed = {"iam:PassedToService": [f"{service}.amazonaws.com" for service in scope.services]}
    linked = {
        "iam:AWSServiceName": [
            "*.bedrock-agentcore.amazonaws.com",
            "*.agent-registry.amazonaws.com",
            "bedrock-agentcore.amazonaws.com",
            "agent-registry.amazonaws.com",
        ]
    }
    keys, profiles = [arn("kms", "key/*")], [arn("bedrock", "application-inference-profile/*")]
    source = arn("bedrock", "inference-profile/*")  # AWS's own
    return [
        Place("RolesWithinABoundary", "iam", roles, ("CreateRole", "PutRolePolicy", "DeleteRolePolicy"), bound),
        Place("RolesToServices", "iam", roles, ("PassRole",), {"StringEquals": passed}),
        Place("ServicesOwnRoles", "iam", [global_arn("iam", "role/aws-service-role/*")],
              ("CreateServiceLinkedRole",), {"StringLike": linked}),
        Place("Boundaries", "iam", list(scope.boundaries), ("GetPolicy", "GetPolicyVersion")),
        Place("Roles", "iam", roles),
        Place("SignedUrls", "lambda", functions, ("CreateFunctionUrlConfig", "UpdateFunctionUrlConfig"),
              {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}),
        Place("Layer", "lambda",
              [Sub(f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:{_LAYER_ACCOUNT}:layer:AWSLambdaPowertools*")],
              ("GetLayerVersion",)),
        # AWS tries an evaluator's function as whoever makes the evaluator.
        Place("EvaluatorsFunctions", "lambda", [arn("lambda", f"function:{name}") for name in scope.evaluators],
              ("InvokeFunction",)),
        Place("Functions", "lambda", functions),
        Place("LogGroupsByName", "logs", ["*"], ("DescribeLogGroups",)),
        Place("AlarmsByName", "cloudwatch", ["*"], ("DescribeAlarms",)),
        Place("SpansIndex", "logs", [arn("logs", "log-group:aws/spans")], ("DescribeIndexPolicies", "PutIndexPolicy")),
        Place("NewKeys", "kms", ["*"], ("CreateKey",), new),
        Place("TagsOfNewKeys", "kms", keys, ("TagResource",), no_tags_yet, also=True),
        Place("KeysByAlias", "kms", ["*"], ("ListAliases",)),
        Place("Keys", "kms", keys, conditions=own),
        Place("CloudControl", "cloudformation", ["*"]),
        Place("Versions", "dynamodb", [arn("dynamodb", f"table/corral-{scope.environment}-versions")], ("GetItem",),
              also=True),
        Place("NewOfAgentCore", "bedrock-agentcore", ["*"],
              ("CreateHarness", "CreateMemory", "CreateGateway", "CreatePolicyEngine", "CreateAgentRuntime",
               "CreateOnlineEvaluationConfig", "CreateEvaluator"),
              {"StringEqualsIfExists": asked(scope)}),
        Place("PoliciesOfTheGateway", "bedrock-agentcore",
              [arn("bedrock-agentcore", f"gateway/corral-{scope.environment}-*")], ("ManageResourceScopedPolicy",)),
        Place("ModelSources", "bedrock", [source], ("GetInferenceProfile",), also=True),
        # AWS tries the model of a judge as whoever makes the judge.
        Place("JudgesModels", "bedrock", [source, Sub("arn:${AWS::Partition}:bedrock:*::foundation-model/*")],
              ("InvokeModel",)),
        Place("NewModelProfiles", "bedrock",
              [*profiles, source, Sub("arn:${AWS::Partition}:bedrock:*::foundation-model/*")],
              ("CreateInferenceProfile",), {"StringEqualsIfExists": asked(scope)}),
        Place("TagsOfNewModelProfiles", "bedrock", profiles, ("TagResource",), no_tags_yet, also=True),
    ]  # fmt: skip


def of_environment(environment: str) -> list[Place]:
    """Return the places of an environment's own deployer."""
    scope, name = environment_scope(environment), f"corral-{environment}"
    own, new = {"StringEquals": tagged(scope.tags)}, {"StringEquals": asked(scope)}
    data = [bucket_arn(f"{name}-{kind}-*/*") for kind in ("documents", "reports")]
    core = [
        f"gateway/{name}-*", f"policy-engine/corral_{environment}-*", f"memory/{environment}_*",
        f"harness/{environment}_*", f"runtime/harness_{environment}_*", "workload-identity-directory/default",
        f"online-evaluation-config/{environment}_*", f"evaluator/{environment}_*",
        "workload-identity-directory/default/workload-identity/*",
    ]  # fmt: skip
    guardrails, registries = [arn("bedrock", "guardrail/*")], [arn("agent-registry", "registry/*")]
    groups = (f"/aws/lambda/{name}-*", f"/aws/kinesisfirehose/{name}-*", f"/corral/{environment}/*")
    databases = (f"corral_{environment}_*", audit_database(environment))
    objects = (
        *("PutObject", "GetObject", "GetObjectVersion", "DeleteObject", "DeleteObjectVersion"),
        *("GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"),
    )
    return [
        *common(scope),
        Place("Aliases", "kms", [arn("kms", f"alias/{name}-*")], _ALIASES, also=True),
        Place("LogGroups", "logs", [arn("logs", f"log-group:{group}") for group in groups]),
        Place("AgentCore", "bedrock-agentcore", [arn("bedrock-agentcore", each) for each in core]),
        Place("NewGuardrails", "bedrock", ["*"], ("CreateGuardrail",), {"StringEqualsIfExists": asked(scope)}),
        Place("TagsOfNewGuardrails", "bedrock", guardrails, ("TagResource",), new, also=True),
        Place("Models", "bedrock", [*guardrails, arn("bedrock", "application-inference-profile/*")],
              conditions=own),
        Place("NewRegistries", "agent-registry", ["*"], ("CreateRegistry",), {"StringEqualsIfExists": asked(scope)}),
        Place("TagsOfTheRegistry", "agent-registry", registries, ("TagResource",), new, also=True),
        Place("Registry", "agent-registry", registries, conditions=own),
        Place("Objects", "s3", data, objects),
        Place("Buckets", "s3", [bucket_arn(f"{name}-*")]),
        # What people have put above agents and what they approved is not for who deploys to write.
        Place("Agents", "dynamodb", [arn("dynamodb", f"table/{name}-agents")],
              ("PutItem", "GetItem", "UpdateItem", "DeleteItem")),
        Place("Tables", "dynamodb", [arn("dynamodb", f"table/{name}-*")]),
        Place("Catalog", "glue", [arn("glue", each) for each in (
            "catalog", *(f"database/{each}" for each in databases), *(f"table/{each}/*" for each in databases))]),
        Place("Workgroups", "athena", [arn("athena", f"workgroup/{name}-*")]),
        Place("Streams", "firehose", [arn("firehose", f"deliverystream/{name}-*")]),
        Place("TrailsByName", "cloudtrail", ["*"], ("DescribeTrails",)),
        Place("Trails", "cloudtrail", [arn("cloudtrail", f"trail/{name}-*")]),
        Place("Topics", "sns", [arn("sns", f"{name}-*")]),
        Place("Alarms", "cloudwatch", [arn("cloudwatch", f"alarm:{name}/*")]),
        Place("Dashboards", "cloudwatch", [global_arn("cloudwatch", f"dashboard/{name}-*")], _DASHBOARDS),
        Place("Queues", "sqs", [arn("sqs", f"{name}-*")]),
        Place("Budgets", "budgets", [global_arn("budgets", f"budget/{name}-team-*")]),
        # Not the rule that tells of break-glass, which is the bootstrap's own.
        Place("Alerts", "events", [arn("events", f"rule/{name}-{each}-*") for each in ("alert", "alarm")]),
        Place("Secrets", "secretsmanager", [arn("secretsmanager", f"secret:corral/{environment}/*")]),
        Place("Schedules", "scheduler", [arn("scheduler", each) for each in (
            f"schedule/{name}-*/*", f"schedule-group/{name}-*")]),
    ]  # fmt: skip


def of_organization(environment: str, owner: str | None) -> list[Place]:
    """Return the places of an environment's deployer whose trail is an organization's.

    `owner` is the management account where that is another one: it has the trail, whoever makes it.
    """
    places = [
        Place("Organization", "organizations", ["*"]),
        Place("TrailsOwnRole", "iam", [global_arn("iam", "role/aws-service-role/cloudtrail.amazonaws.com/*")],
              ("GetRole",), also=True),
    ]  # fmt: skip
    if owner is not None:
        trails = f"arn:${{AWS::Partition}}:cloudtrail:${{AWS::Region}}:{owner}:trail/corral-{environment}-*"
        places.append(Place("OrganizationTrails", "cloudtrail", [Sub(trails)]))
    return places


def of_team(environment: str) -> list[Place]:
    """Return the places of a team's deployer: nothing of the platform but what its stack must touch."""
    scope, name = team_scope(environment), f"corral-{environment}-team-{TEAM}"
    own, new = {"StringEquals": tagged(scope.tags)}, {"StringEquals": asked(scope)}
    platform = {"corral:environment": environment, "corral:team": "platform"}
    engine, mine = f"policy-engine/corral_{environment}-{'?' * 10}", scope.key_prefix
    core = [
        f"memory/{mine}-*", f"harness/{mine}_*", f"runtime/harness_{mine}_*", "workload-identity-directory/default",
        f"online-evaluation-config/{mine}_*", f"evaluator/{mine}_*",
        f"workload-identity-directory/default/workload-identity/harness_{mine}_*",
    ]  # fmt: skip
    agents: Conditions = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [arn("bedrock-agentcore", f"harness/{mine}_*")]}
    }
    through = {
        "kms:ViaService": [
            Sub(f"{service}.${{AWS::Region}}.amazonaws.com")
            for service in ("dynamodb", "bedrock-agentcore", "agent-registry")
        ]
    }
    profiles = [arn("bedrock", "application-inference-profile/*")]
    registries = [arn("agent-registry", "registry/*")]
    return [
        *common(scope),
        Place("Aliases", "kms", [arn("kms", f"alias/{name}")], _ALIASES, also=True),
        Place("PlatformsKey", "kms", [arn("kms", "key/*")], ("Decrypt", "GenerateDataKey", "DescribeKey"),
              {"StringEquals": {**tagged(platform), **through}}, also=True),
        Place("LogGroups", "logs", [
            *(arn("logs", f"log-group:/aws/lambda/{door}") for door in scope.functions),
            *(arn("logs", f"log-group:/corral/{environment}/teams/{TEAM}/evaluations{end}") for end in ("", ":*"))]),
        Place("Topics", "sns", [arn("sns", f"{name}-alerts"), arn("sns", f"{name}-alerts:*")]),
        Place("Alarms", "cloudwatch", [arn("cloudwatch", f"alarm:corral-{environment}/{TEAM}/*")]),
        Place("Dashboards", "cloudwatch", [global_arn("cloudwatch", f"dashboard/{name}")], _DASHBOARDS),
        # ? stands for one character: the engine itself, and no policy below it.
        Place("Policies", "bedrock-agentcore",
              [arn("bedrock-agentcore", engine), arn("bedrock-agentcore", f"{engine}/policy/{mine}_*")],
              ("CreatePolicy", "GetPolicy", "UpdatePolicy", "DeletePolicy")),
        Place("AgentCore", "bedrock-agentcore", [arn("bedrock-agentcore", each) for each in core]),
        Place("ModelProfiles", "bedrock", profiles, conditions=own),
        Place("NewRecords", "agent-registry", registries, ("CreateRegistryRecord",),
              {"StringEquals": tagged(platform)}),
        Place("TagsOfNewRecords", "agent-registry", registries, ("TagResource",), new, also=True),
        Place("Records", "agent-registry", [arn("agent-registry", "registry/*/record/*")], conditions=own),
        Place("OwnAgents", "dynamodb", [arn("dynamodb", f"table/corral-{environment}-agents")],
              ("PutItem", "GetItem", "UpdateItem", "DeleteItem"), agents),
        Place("Requests", "dynamodb", [arn("dynamodb", f"table/{name}-requests")]),
        Place("Queues", "sqs", [arn("sqs", f"{name}-dead-letters")]),
        Place("Budgets", "budgets", [global_arn("budgets", f"budget/{name}")]),
        Place("Schedules", "scheduler", [arn("scheduler", each) for each in (
            f"schedule/{name}/*", f"schedule-group/{name}")]),
    ]  # fmt: skip
