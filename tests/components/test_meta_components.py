"""What holds for every component and every resource of the whole program."""

import re

import pytest

from components.trail_selectors import DATA_EVENTS, MANAGEMENT, MANAGEMENT_ONLY
from tests.components.recorder import Program, Recorded

pytestmark = pytest.mark.xdist_group("components")

MAX_PER_AGENT = 20
NAMES = {  # AWS's limits, from botocore's service models
    "aws:iam/role:Role": r"[\w+=,.@-]{1,64}",
    "aws:lambda/function:Function": r"[a-zA-Z0-9-_]{1,64}",
    "aws:s3/bucket:Bucket": r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "aws:dynamodb/table:Table": r"[a-zA-Z0-9_.-]{3,255}",
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": r"[a-zA-Z0-9_.-]{1,64}",
    "aws:sns/topic:Topic": r"[a-zA-Z0-9_-]{1,256}",
    "aws:athena/workgroup:Workgroup": r"[a-zA-Z0-9._-]{1,128}",
    "aws:glue/catalogDatabase:CatalogDatabase": r"[a-z0-9_]{1,255}",
    "aws:scheduler/schedule:Schedule": r"[0-9a-zA-Z-_.]{1,64}",
    "aws:scheduler/scheduleGroup:ScheduleGroup": r"[0-9a-zA-Z-_.]{1,64}",
    "aws:cloudwatch/eventRule:EventRule": r"[\.\-_A-Za-z0-9]{1,64}",
    "aws:sqs/queue:Queue": r"[0-9A-Za-z_-]{1,80}",
    "aws:budgets/budget:Budget": r"[^:\\\\]{1,100}",
}
# Of these no name is taken while the old one stands; every other aws-native resource goes before its replacement.
MADE_FIRST = {
    "aws-native:bedrock:ApplicationInferenceProfile",  # its name ends with the model's fingerprint
    "aws-native:bedrock:GuardrailVersion",  # has none
}
UNTAGGED = {
    "aws:cloudwatch/dashboard:Dashboard",  # these take no tags
    "aws:athena/namedQuery:NamedQuery",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:dynamodb/tableItem:TableItem",
    "aws:glue/catalogTable:CatalogTable",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:kms/alias:Alias",
    "aws:lambda/alias:Alias",
    "aws:lambda/functionUrl:FunctionUrl",
    "aws:lambda/permission:Permission",
    "aws:scheduler/schedule:Schedule",  # its group does
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sns/topicSubscription:TopicSubscription",
    "aws-native:bedrock:GuardrailVersion",
    "aws-native:bedrockagentcore:GatewayRateLimit",
    "aws-native:bedrockagentcore:GatewayTarget",
    "aws-native:bedrockagentcore:Policy",
}


def test_components_register_outputs(everything: list[Recorded]) -> None:
    silent = [r.urn for r in everything if not r.custom and r.outputs is None]
    assert not silent


def test_names_start_with_the_component_they_are_in(everything: list[Recorded]) -> None:
    names = {resource.urn: resource.name for resource in everything}
    tops = [r.type for r in everything if r.parent not in names]
    assert set(tops) == {"corral:index:Platform", "corral:index:Team"}
    strays = [r.urn for r in everything if r.parent in names and not r.name.startswith(names[r.parent])]
    assert not strays
    custom = [r.urn for r in everything if r.custom and not _component_above(r, everything)]
    assert not custom


def _component_above(resource: Recorded, everything: list[Recorded]) -> bool:
    return any(other.urn == resource.parent and not other.custom for other in everything)


def test_logical_names_are_unique_and_deterministic(programs: dict[str, Program]) -> None:
    for program in programs.values():
        pairs = [(r.type, r.name) for r in program.resources]
        assert len(pairs) == len(set(pairs))
        assert all(re.fullmatch(r"[a-z0-9][A-Za-z0-9/._-]*", r.name) for r in program.resources)


def test_an_agent_has_at_most_twenty_resources(everything: list[Recorded]) -> None:
    roles = {r.parent for r in everything if r.type == "corral:index:Role"}  # the retired have none
    agents = [r for r in everything if r.type == "corral:index:Agent" and r.urn in roles]
    assert len(agents) >= 6
    for agent in agents:
        below, level = 0, {agent.urn}
        while level:
            level = {r.urn for r in everything if r.parent in level}
            below += len(level)
        # What watches it is its team's: an evaluation and an alarm.
        team, _, key = agent.name.removeprefix("dev-").partition("-")
        around = {f"dev-{team}-watch-evaluation-{key}", f"dev-{team}-watch-{key}-drift"}
        assert {r.name for r in everything} >= around, agent.name
        assert 10 <= below + len(around) <= MAX_PER_AGENT, agent.name


def test_a_thing_goes_before_its_replacement_only_where_its_name_is_taken(everything: list[Recorded]) -> None:
    for resource in everything:
        if resource.type.startswith("aws-native:"):  # whose provider deletes first unless told not to
            assert (resource.delete_first is False) == (resource.type in MADE_FIRST), resource.urn
        else:  # the aws provider sees for itself whether a name is taken
            assert resource.delete_first is None, resource.urn


@pytest.mark.parametrize("kind", NAMES)
def test_aws_names_are_within_limits(kind: str, everything: list[Recorded]) -> None:
    found = [r.inputs.get("name") or r.inputs["bucket"] for r in everything if r.type == kind]
    assert found
    assert all(re.fullmatch(NAMES[kind], name) for name in found)
    assert len(found) == len(set(found))


def test_everything_is_tagged(everything: list[Recorded]) -> None:
    for resource in everything:
        taggable = not resource.type.startswith("aws:s3/bucket") or resource.type == "aws:s3/bucket:Bucket"
        ours = resource.custom and resource.type != "pulumi:pulumi:StackReference"
        if ours and resource.type not in UNTAGGED and taggable:
            tags = resource.inputs["tags"]
            keys = set(tags) if isinstance(tags, dict) else {tag["key"] for tag in tags}
            assert {"corral:environment", "corral:team", "corral:owner"} <= keys, resource.urn


@pytest.mark.control("trail-coverage", "trail")
def test_the_trail_covers_every_type_that_is_provisioned(
    programs: dict[str, Program], everything: list[Recorded]
) -> None:
    kinds = {resource.type for resource in everything if resource.custom}
    assert kinds - {"pulumi:pulumi:StackReference"} == set(DATA_EVENTS) | MANAGEMENT_ONLY
    [trail] = programs["dev"].of("aws:cloudtrail/trail:Trail")
    selectors = trail.inputs["advancedEventSelectors"]
    fields = [{f["field"]: f.get("equals") for f in s["fieldSelectors"]} for s in selectors]
    recorded = {f["resources.type"][0] for f in fields if "resources.type" in f}
    for kind, types in DATA_EVENTS.items():
        assert set(types) <= recorded, kind
    assert selectors[0]["name"] == MANAGEMENT == "Management events selector"
    assert fields[0] == {"eventCategory": ["Management"]}
    assert trail.inputs["isMultiRegionTrail"]
    assert trail.inputs["enableLogFileValidation"]
    assert trail.inputs["kmsKeyId"] == programs["dev"].outputs["audit_key_arn"]
    assert trail.inputs["cloudWatchLogsGroupArn"].endswith(":log-group:/corral/dev/trail:*")
    assert programs["dev"].outputs["trail_selectors"] == [s["name"] for s in selectors]


def test_the_trail_does_not_feed_itself(programs: dict[str, Program]) -> None:
    [trail] = programs["dev"].of("aws:cloudtrail/trail:Trail")
    for selector in trail.inputs["advancedEventSelectors"]:
        fields = {f["field"]: f for f in selector["fieldSelectors"]}
        if fields.get("resources.type", {}).get("equals") == ["AWS::S3::Object"]:
            of_audit = "audit" in fields["resources.ARN"]["startsWiths"][0]
            assert ("readOnly" in fields) == of_audit
