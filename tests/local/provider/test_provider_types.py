"""Every type: made, found, changed in place, deleted, found missing; and what the changes really did."""

import json
from typing import Any

import pytest

from corral.local.engine.aws import HANDLERS
from corral.local.provider.aws import KINDS
from tests.engine.made_by import CLASSIC
from tests.local.provider import resource_cases as cases
from tests.local.provider.conftest import Made, changed_inputs, made_of

KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"


def test_every_type_the_engine_makes_can_be_changed_and_deleted() -> None:
    assert set(KINDS) == set(HANDLERS)
    assert {case.token for case in cases.CASES} == set(HANDLERS)
    assert set(HANDLERS) - set(CLASSIC) == set(), "the call that tests/engine/test_failures.py has fail"


@pytest.fixture
def all_made(engine: Any) -> dict[str, Made]:
    return made_of(engine, cases.CASES)


def test_each_type_lives_and_dies(engine: Any, all_made: dict[str, Made], calls: Any) -> None:
    made = dict(all_made)
    for case in cases.CASES:
        before = made[case.key]
        assert engine.diff(before, before.inputs).changes == 1, case.key
        if case.change:
            wanted = changed_inputs(case, made)
            answer = engine.diff(before, wanted)
            assert (answer.changes, list(answer.replaces)) == (2, []), case.key
            after = made[case.key] = engine.update(before, wanted)
            assert engine.diff(after, wanted).changes == 1, case.key
            assert engine.refresh(after) == after, case.key
    for case in reversed(cases.CASES):
        engine.delete(made[case.key])
    calls.changes.clear()
    for case in cases.CASES:
        assert not engine.exists(made[case.key]), case.key
        engine.delete(made[case.key])
    # AWS refuses to do this again.
    assert not {"kms schedule_key_deletion", "secretsmanager delete_secret"} & {*calls.changes}


def test_changes_reach_the_account(engine: Any, all_made: dict[str, Made], client: Any) -> None:
    made = {
        case.key: engine.update(all_made[case.key], changed_inputs(case, all_made))
        for case in cases.CASES
        if case.change
    }
    kms, key_id = client("kms"), made[KEY].id
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["Description"] == "other"
    assert not kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"]
    assert kms.list_resource_tags(KeyId=key_id)["Tags"] == [{"TagKey": "team", "TagValue": "sales"}]
    s3, here = client("s3"), {"Bucket": "things"}
    assert s3.get_bucket_tagging(**here)["TagSet"] == [{"Key": "team", "Value": "sales"}]
    assert "things/AWSLogs/*" in s3.get_bucket_policy(**here)["Policy"]
    assert s3.get_object(**here, Key="a/b:c")["Body"].read() == b"two"
    iam = client("iam")
    role = iam.get_role(RoleName="worker")["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("policy/boundary")
    assert (role["Description"], role["Tags"]) == ("other", [{"Key": "team", "Value": "sales"}])
    assert iam.get_role_policy(RoleName="worker", PolicyName="own")["PolicyDocument"]["Statement"][0][
        "Action"
    ] == ("s3:PutObject")
    policy = iam.get_policy(PolicyArn="arn:aws:iam::123456789012:policy/boundary")["Policy"]
    assert policy["DefaultVersionId"] == "v2"
    (group,) = [g for g in client("logs").describe_log_groups()["logGroups"] if g["logGroupName"] == "/logs"]
    assert group["retentionInDays"] == 30
    assert client("cloudtrail").get_trail(Name="audit")["Trail"]["IsMultiRegionTrail"]
    functions = client("lambda")
    assert functions.get_function_configuration(FunctionName="worker")["Timeout"] == 9
    assert functions.get_alias(FunctionName="worker", Name="live")["FunctionVersion"] == "2"
    assert functions.get_function_url_config(FunctionName="worker")["AuthType"] == "NONE"
    dynamodb = client("dynamodb")
    expiry = dynamodb.describe_time_to_live(TableName="items")["TimeToLiveDescription"]
    assert expiry["TimeToLiveStatus"] == "DISABLED"
    items = dynamodb.scan(TableName="items")["Items"]
    assert items == [{"id": {"S": "2"}, "n": {"N": "2"}}]  # its key changed: the old item must be gone
    stream = client("firehose").describe_delivery_stream(DeliveryStreamName="decisions")
    target = stream["DeliveryStreamDescription"]["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert target["Prefix"] == "b/"
    assert client("secretsmanager").describe_secret(SecretId="corral/key")["Description"] == "other"
    glue = client("glue")
    assert glue.get_database(Name="sales")["Database"]["Description"] == "other"
    assert glue.get_table(DatabaseName="sales", Name="orders")["Table"]["Parameters"] == {"a": "2"}
    topic = client("sns").get_topic_attributes(TopicArn=cases.TOPIC)["Attributes"]
    assert (topic["DisplayName"], json.loads(topic["Policy"])) == ("Other", json.loads(cases.OTHER))


def test_a_function_whose_code_changes_gets_a_new_version(engine: Any, all_made: dict[str, Made]) -> None:
    token = "aws:lambda/function:Function"
    before = all_made[token]
    inputs = changed_inputs(next(case for case in cases.CASES if case.token == token), all_made)
    planned = engine.update(before, inputs, preview=True)
    assert "version" not in planned.outputs  # not known before the update
    after = engine.update(before, inputs)
    assert (before.outputs["version"], after.outputs["version"]) == ("1", "2")
    only_tags = engine.update(after, inputs | {"tags": {"team": "other"}})
    assert only_tags.outputs["version"] == "2"


def test_a_bucket_with_locked_objects_goes_if_it_may_be_emptied(engine: Any, client: Any) -> None:
    bucket = engine.create(
        "aws:s3/bucket:Bucket", {"bucket": "stays", "objectLockEnabled": True, "forceDestroy": True}
    )
    s3 = client("s3")
    for body in (b"1", b"2"):
        s3.put_object(Bucket="stays", Key="a", Body=body)
    s3.delete_object(Bucket="stays", Key="a")
    engine.delete(bucket)
    assert not engine.exists(bucket)


def test_a_bucket_that_may_not_be_emptied_stays(engine: Any, client: Any) -> None:
    bucket = engine.create("aws:s3/bucket:Bucket", {"bucket": "stays"})
    client("s3").put_object(Bucket="stays", Key="a", Body=b"1")
    with pytest.raises(Exception, match="BucketNotEmpty"):
        engine.delete(bucket)


def test_an_alias_moves_to_another_key(engine: Any, client: Any) -> None:
    one, two = engine.create(KEY, {}), engine.create(KEY, {})
    alias = engine.create(ALIAS, {"name": "alias/main", "targetKeyId": one.id})
    moved = engine.update(alias, {"name": "alias/main", "targetKeyId": two.id})
    assert moved.outputs["targetKeyArn"] == two.outputs["arn"]
    assert client("kms").describe_key(KeyId="alias/main")["KeyMetadata"]["KeyId"] == two.id
    assert engine.exists(moved)
    engine.delete(moved)
    assert not engine.exists(moved)


def test_of_an_asset_in_the_state_only_the_hash_is_needed(engine: Any) -> None:
    engine.create("aws:s3/bucket:Bucket", {"bucket": "things", "forceDestroy": True})
    token, rest = "aws:s3/bucketObjectv2:BucketObjectv2", cases.HERE | {"key": "a"}
    made = engine.create(token, rest | {"source": cases.asset("one")})
    etag = made.outputs["etag"]
    for kept in (made.inputs, made.properties):  # the engine's state leaves the content out
        del kept.fields["source"].struct_value.fields["text"]
    assert engine.diff(made, rest | {"source": cases.asset("one")}).changes == 1
    assert engine.diff(made, rest | {"source": cases.asset("two")}).changes == 2
    assert engine.exists(made)
    assert engine.update(made, rest | {"source": cases.asset("two")}).outputs["etag"] != etag
    engine.delete(made)


def test_expiry_is_turned_off_by_saying_so(engine: Any, client: Any) -> None:
    token = "aws:dynamodb/table:Table"
    keys = {
        "name": "items",
        "hashKey": "id",
        "billingMode": "PAY_PER_REQUEST",
        "attributes": [{"name": "id", "type": "S"}],
    }
    table = engine.create(token, keys | {"ttl": {"attributeName": "end", "enabled": True}})
    off = engine.update(table, keys | {"ttl": {"attributeName": "end", "enabled": False}})
    expiry = client("dynamodb").describe_time_to_live(TableName="items")["TimeToLiveDescription"]
    assert expiry["TimeToLiveStatus"] == "DISABLED"
    assert engine.refresh(off) == off


def test_a_role_goes_with_what_it_may_take_along(engine: Any, client: Any) -> None:
    token, iam = "aws:iam/role:Role", client("iam")
    engine.create("aws:iam/policy:Policy", {"name": "boundary", "policy": cases.ALLOW})
    own = {
        "name": "worker",
        "assumeRolePolicy": cases.TRUST,
        "inlinePolicies": [{"name": "one", "policy": cases.ALLOW}, {"name": "two", "policy": cases.ALLOW}],
    }
    role = engine.create(token, own)
    iam.delete_role_policy(RoleName="worker", PolicyName="one")
    engine.delete(role)
    assert not engine.exists(role)
    role = engine.create(token, own)
    iam.put_role_policy(RoleName="worker", PolicyName="by-hand", PolicyDocument=cases.ALLOW)
    with pytest.raises(Exception, match="DeleteConflict"):
        engine.delete(role)
    iam.attach_role_policy(RoleName="worker", PolicyArn=cases.BOUNDARY)
    engine.delete(engine.update(role, own | {"forceDetachPolicies": True}))
    assert not engine.exists(role)
