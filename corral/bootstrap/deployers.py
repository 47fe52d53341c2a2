"""The policies of those who deploy: the actions of the types their stacks use, each where it is theirs."""

from collections.abc import Iterable

from corral.bootstrap.actions import (
    CLASSIC,
    CLOUD_CONTROL,
    ORGANIZATION_TRAIL,
    RETIRED_AGENTS,
    actions_of,
    native,
)
from corral.bootstrap.document import Statement, arn, bucket_arn
from corral.bootstrap.options import Options
from corral.bootstrap.places import TEAM, Place, of_environment, of_organization, of_team

PROJECT = "corral"  # Pulumi.yaml's name, a folder of the state

# What a team's stack is made of, by Pulumi's or CloudFormation's name. Everything else is the platform's.
TEAM_TYPES = (
    "AWS::AgentRegistry::RegistryRecord",
    "AWS::Bedrock::ApplicationInferenceProfile",
    "AWS::BedrockAgentCore::Evaluator",
    "AWS::BedrockAgentCore::Harness",
    "AWS::BedrockAgentCore::HarnessEndpoint",
    "AWS::BedrockAgentCore::Memory",
    "AWS::BedrockAgentCore::OnlineEvaluationConfig",
    "AWS::BedrockAgentCore::Policy",
    "aws:budgets/budget:Budget",
    "aws:cloudwatch/dashboard:Dashboard",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:dynamodb/table:Table",
    "aws:dynamodb/tableItem:TableItem",
    "aws:iam/policy:Policy",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:kms/alias:Alias",
    "aws:kms/key:Key",
    "aws:lambda/alias:Alias",
    "aws:lambda/function:Function",
    "aws:lambda/functionUrl:FunctionUrl",
    "aws:scheduler/schedule:Schedule",
    "aws:scheduler/scheduleGroup:ScheduleGroup",
    "aws:sns/topic:Topic",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sns/topicSubscription:TopicSubscription",
    "aws:sqs/queue:Queue",
)


def environment_statements(options: Options) -> list[Statement]:
    """Return what the environment's own deployer may do: all stacks of it."""
    actions = {*actions_of([*CLASSIC, *native()]), *CLOUD_CONTROL, *RETIRED_AGENTS}
    files = [bucket_arn(f"{options.state_bucket}/.pulumi/*")]
    places = of_environment(options.environment)
    if options.management_account is not None:
        actions |= {*ORGANIZATION_TRAIL}
        owner = options.management_account
        places += of_organization(options.environment, None if owner == options.account else owner)
    return [
        *_placed(places, actions),
        Statement("StateFiles", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], files),
        *_state(options),
    ]


def team_statements(options: Options) -> list[Statement]:
    """Return what a team's deployer may do: its own stack; of the platform's it reads what that tells its teams."""
    actions = {*actions_of(TEAM_TYPES), *CLOUD_CONTROL, *RETIRED_AGENTS}
    stack = f"{options.environment}.{TEAM}"
    own = (
        *(f"stacks/{PROJECT}/{stack}.json*", f"history/{PROJECT}/{stack}/*"),
        *(f"backups/{PROJECT}/{stack}/*", f"locks/organization/{PROJECT}/{stack}/*"),
    )
    read = ("meta.yaml", f"stacks/{PROJECT}/{options.environment}.json*")
    return [
        *_placed(of_team(options.environment), actions),
        Statement(
            "StateFiles",
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            [bucket_arn(f"{options.state_bucket}/.pulumi/{path}") for path in own],
        ),
        Statement(
            "PlatformsState",
            ["s3:GetObject"],
            [bucket_arn(f"{options.state_bucket}/.pulumi/{path}") for path in read],
        ),
        *_state(options),
    ]


def previewer_statements(options: Options) -> list[Statement]:
    """Return what it takes to say what would change: Pulumi compares with the state, it asks AWS for nothing."""
    return [
        Statement("StateFiles", ["s3:GetObject"], [bucket_arn(f"{options.state_bucket}/.pulumi/*")]),
        Statement("StateNames", ["s3:ListBucket"], [bucket_arn(options.state_bucket)]),
        Statement("StateKey", ["kms:Decrypt"], [arn("kms", "key/*")], _by_alias(options)),
    ]


def _by_alias(options: Options) -> dict[str, dict[str, str]]:
    return {"ForAnyValue:StringEquals": {"kms:ResourceAliases": options.state_alias}}


def _state(options: Options) -> list[Statement]:
    """Find the stacks by name, and read and write with the key of state and secrets."""
    return [
        Statement(
            "StateNames", ["s3:ListBucket", "s3:GetBucketLocation"], [bucket_arn(options.state_bucket)]
        ),
        Statement(
            "StateKey",
            ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
            [arn("kms", "key/*")],
            _by_alias(options),
        ),
    ]


def _placed(places: Iterable[Place], actions: Iterable[str]) -> list[Statement]:
    """Allow each action where it belongs. Raises ValueError for one that has no place."""
    known = list(places)
    wanted, placed = set(actions), set[str]()
    elsewhere = {f"{place.service}:{name}" for place in known if not place.also for name in place.actions}
    statements: list[Statement] = []
    for place in known:
        if place.actions:
            here = {f"{place.service}:{name}" for name in place.actions} & wanted
        else:
            here = {each for each in wanted - elsewhere if each.startswith(f"{place.service}:")}
        if here:
            statements.append(Statement(place.name, sorted(here), place.resources, place.conditions))
            placed |= here
    if homeless := wanted - placed:
        raise ValueError(f"no place says where these are allowed: {', '.join(sorted(homeless))}")
    return statements
