"""What a stack keeps, and that production neither loses nor leaves it open to a destroy."""

import re

import pytest

from tests.components.conftest import PLATFORM
from tests.components.recorder import Program, Recorded, project, record, replaced

pytestmark = pytest.mark.xdist_group("components")

# What production protects, for a deletion would lose it.
STATEFUL = {
    "aws:cloudtrail/trail:Trail": "without it nothing more is recorded",
    "aws:iam/policy:Policy": "no state, but the first thing that a destroy of the platform deletes",
    "aws:dynamodb/table:Table": "agents' states, approvals, tickets, refunds",
    "aws:kms/key:Key": "without it nothing it encrypted can be read",
    "aws:s3/bucket:Bucket": "records, documents",
    "aws:secretsmanager/secret:Secret": "its value is nowhere else",
    "aws-native:agentregistry:Registry": "what people approved",
    "aws-native:bedrockagentcore:Memory": "conversations",
}
# What the program can make again as it was. Log groups outlive their stack instead: a tool may go, its logs not.
REMADE = {
    *(
        *("aws:athena/namedQuery:NamedQuery", "aws:athena/workgroup:Workgroup"),
        "aws:budgets/budget:Budget",
        "aws:cloudwatch/dashboard:Dashboard",
        *("aws:cloudwatch/logGroup:LogGroup", "aws:cloudwatch/metricAlarm:MetricAlarm"),
        "aws:dynamodb/tableItem:TableItem",
    ),
    *("aws:glue/catalogDatabase:CatalogDatabase", "aws:glue/catalogTable:CatalogTable"),
    *("aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"),
    *("aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"),
    *("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", "aws:kms/alias:Alias"),
    *("aws:scheduler/schedule:Schedule", "aws:scheduler/scheduleGroup:ScheduleGroup"),
    "aws:sqs/queue:Queue",  # of dead letters: what could not be done, of which the trail and the logs tell too
    *("aws:lambda/alias:Alias", "aws:lambda/function:Function", "aws:lambda/functionUrl:FunctionUrl"),
    *("aws:lambda/permission:Permission", "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"),
    *(
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        "aws:s3/bucketPolicy:BucketPolicy",
    ),
    *("aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketOwnershipControls:BucketOwnershipControls"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    *("aws:s3/bucketVersioning:BucketVersioning", "aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"),
    *("aws:sns/topicSubscription:TopicSubscription", "aws-native:agentregistry:RegistryRecord"),
    *("aws-native:bedrock:ApplicationInferenceProfile", "aws-native:bedrock:Guardrail"),
    *("aws-native:bedrock:GuardrailVersion", "aws-native:bedrockagentcore:Gateway"),
    "aws-native:bedrockagentcore:Evaluator",  # its words are the template's
    *("aws-native:bedrockagentcore:GatewayRateLimit", "aws-native:bedrockagentcore:GatewayTarget"),
    *("aws-native:bedrockagentcore:Harness", "aws-native:bedrockagentcore:HarnessEndpoint"),
    "aws-native:bedrockagentcore:OnlineEvaluationConfig",
    *("aws-native:bedrockagentcore:Policy", "aws-native:bedrockagentcore:PolicyEngine"),
}


@pytest.fixture(scope="module")
def stacks_of_production(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Program]:
    """The platform and a team of a production environment, which says nothing of its lock."""
    stacks = project(tmp_path_factory.mktemp("production"))
    file = stacks / "dev/platform.yaml"
    replaced(file, "region: us-east-1\n", "region: us-east-1\nproduction: true\n")
    replaced(file, ", lock_mode: GOVERNANCE}", "}")
    platform = record("dev", {}, stacks)
    team = record("dev.support", {PLATFORM: platform.outputs}, stacks)
    assert not [*platform.errors, *team.errors], [*platform.errors, *team.errors]
    return {"dev": platform, "dev.support": team}


@pytest.fixture(scope="module")
def production(stacks_of_production: dict[str, Program]) -> list[Recorded]:
    """All resources of both."""
    return [resource for program in stacks_of_production.values() for resource in program.resources]


def _of(resources: list[Recorded], kind: str) -> list[Recorded]:
    found = [resource for resource in resources if resource.type == kind]
    assert found, kind
    return found


@pytest.mark.control("protected-state")
def test_every_type_is_known_to_hold_state_or_not(everything: list[Recorded]) -> None:
    kinds = {resource.type for resource in everything if resource.custom}
    assert not STATEFUL.keys() & REMADE
    assert kinds == STATEFUL.keys() | REMADE


@pytest.mark.control("protected-state")
def test_state_is_protected_in_production_only(
    production: list[Recorded], everything: list[Recorded]
) -> None:
    for kind in STATEFUL:
        assert [r.urn for r in _of(production, kind) if not r.protect] == []
    assert [r.urn for r in everything if r.protect] == []


@pytest.mark.control("protected-state")
def test_production_can_undo_a_deletion(production: list[Recorded]) -> None:
    for table in _of(production, "aws:dynamodb/table:Table"):
        assert table.inputs["deletionProtectionEnabled"] is True
        assert table.inputs["pointInTimeRecovery"] == {"enabled": True}
    assert not any(bucket.inputs["forceDestroy"] for bucket in _of(production, "aws:s3/bucket:Bucket"))
    assert {key.inputs["deletionWindowInDays"] for key in _of(production, "aws:kms/key:Key")} == {30}
    [secret] = _of(production, "aws:secretsmanager/secret:Secret")
    assert secret.inputs["recoveryWindowInDays"] == 30


@pytest.mark.control("protected-state", "audit-immutability")
def test_what_is_on_record_outlives_production(
    production: list[Recorded], programs: dict[str, Program]
) -> None:
    """With all that makes it readable and guards it: a retained bucket without its policy would be open."""
    kept = {
        r.name for r in production if r.retain and not r.type.endswith((":LogGroup", ":GuardrailVersion"))
    }
    parts = ("bucket", "encryption", "lifecycle", "lock", "ownership", "policy", "private", "versioning")
    assert kept == {"dev-audit-key-key", "dev-audit-key-alias", *(f"dev-audit-{part}" for part in parts)}
    assert all(group.retain for group in _of(production, "aws:cloudwatch/logGroup:LogGroup"))
    elsewhere = {r.type for program in programs.values() for r in program.resources if r.retain}
    assert elsewhere == {"aws-native:bedrock:GuardrailVersion"}


@pytest.mark.control("audit-immutability", "log-retention")
def test_production_locks_its_records_for_good_unless_it_says_otherwise(
    stacks_of_production: dict[str, Program],
) -> None:
    platform = stacks_of_production["dev"]
    [lock] = platform.of("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert lock.inputs["rule"] == {"defaultRetention": {"mode": "COMPLIANCE", "days": 400}}
    assert platform.outputs["lock_mode"] == "COMPLIANCE"


@pytest.mark.control("audit-immutability")
def test_nobody_rewrites_the_audit_bucket_of_production(production: list[Recorded]) -> None:
    [policy] = [
        p for p in _of(production, "aws:s3/bucketPolicy:BucketPolicy") if "audit" in p.inputs["bucket"]
    ]
    assert re.search(r'"Deny".*"s3:BypassGovernanceRetention"', policy.inputs["policy"])
