"""What the provider answers the engine, whatever the type."""

from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2

from corral.local.engine import wire

ROLE = "aws:iam/role:Role"
TABLE = "aws:dynamodb/table:Table"
TRUST = '{"Version": "2012-10-17", "Statement": []}'
TABLE_INPUTS = {
    "name": "items",
    "hashKey": "id",
    "billingMode": "PAY_PER_REQUEST",
    "attributes": [{"name": "id", "type": "S"}],
}


def configure(engine: Any, **config: Any) -> Any:
    return engine.stub.Configure(provider_pb2.ConfigureRequest(args=wire.write(config, set())))


def test_it_says_which_package_it_stands_for(engine: Any) -> None:
    assert engine.stub.GetPluginInfo(provider_pb2.ConfigureRequest()).version.startswith("7.")


def test_it_says_how_to_import_without_its_schema(engine: Any) -> None:
    with pytest.raises(grpc.RpcError, match="--generate-code=false") as error:
        engine.stub.GetSchema(provider_pb2.GetSchemaRequest())
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_only_the_local_region_and_account_are_accepted(engine: Any) -> None:
    assert configure(engine, region="us-east-1", allowedAccountIds=["123456789012"]).supportsPreview
    with pytest.raises(grpc.RpcError, match="eu-west-1"):
        configure(engine, region="eu-west-1")
    with pytest.raises(grpc.RpcError, match="999999999999"):
        configure(engine, allowedAccountIds=["999999999999"])


def test_a_function_call_is_answered_or_refused_by_name(engine: Any) -> None:
    def invoke(token: str) -> Any:
        return engine.stub.Invoke(provider_pb2.InvokeRequest(tok=token))

    answer = invoke("aws:index/getCallerIdentity:getCallerIdentity")
    assert wire.read(getattr(answer, "return")).values["accountId"] == "123456789012"
    assert "getCallerIdentity" in invoke("aws:s3/getBucket:getBucket").failures[0].reason


def test_a_name_made_up_is_kept_and_a_replacement_gets_another(engine: Any) -> None:
    inputs = {"assumeRolePolicy": TRUST}
    made = engine.create(ROLE, inputs)
    assert made.id.startswith("thing-")
    assert engine.diff(made, inputs).changes == provider_pb2.DiffResponse.DIFF_NONE
    again = engine.check(ROLE, inputs, seed=b"another")
    assert wire.read(again).values["name"] != made.id
    answer = engine.diff(made, inputs | {"path": "/x/"})
    assert (list(answer.replaces), answer.deleteBeforeReplace) == (["path"], False)


def test_a_replacement_with_the_same_name_waits_until_the_name_is_free(engine: Any) -> None:
    made = engine.create(ROLE, {"name": "worker", "assumeRolePolicy": TRUST})
    answer = engine.diff(made, {"name": "worker", "assumeRolePolicy": TRUST, "path": "/x/"})
    assert (list(answer.replaces), answer.deleteBeforeReplace) == (["path"], True)
    renamed = engine.diff(made, {"name": "other", "assumeRolePolicy": TRUST})
    assert (list(renamed.replaces), renamed.deleteBeforeReplace) == (["name"], False)


def test_a_difference_says_how_each_input_differs(engine: Any) -> None:
    made = engine.create(ROLE, {"name": "worker", "assumeRolePolicy": TRUST, "description": "d"})
    answer = engine.diff(made, {"name": "other", "assumeRolePolicy": TRUST, "maxSessionDuration": 7200})
    kinds = {key: provider_pb2.PropertyDiff.Kind.Name(each.kind) for key, each in answer.detailedDiff.items()}
    assert kinds == {"name": "UPDATE_REPLACE", "description": "DELETE", "maxSessionDuration": "ADD"}


def test_a_value_not_yet_known_counts_as_different(engine: Any) -> None:
    made = engine.create(ROLE, {"name": "worker", "assumeRolePolicy": TRUST})
    assert list(engine.diff(made, {"name": "worker", "assumeRolePolicy": rpc.UNKNOWN}).diffs) == [
        "assumeRolePolicy"
    ]


def test_a_preview_touches_nothing(engine: Any, client: Any) -> None:
    planned = engine.create(TABLE, TABLE_INPUTS | {"hashKey": rpc.UNKNOWN}, preview=True)
    assert planned.id == ""
    assert "arn" not in planned.outputs
    made = engine.create(TABLE, TABLE_INPUTS)
    protected = engine.update(made, TABLE_INPUTS | {"deletionProtectionEnabled": True}, preview=True)
    assert protected.outputs["arn"] == made.outputs["arn"]
    described = client("dynamodb").describe_table(TableName="items")["Table"]
    assert not described["DeletionProtectionEnabled"]


def test_an_input_that_is_gone_is_gone_from_the_state(engine: Any) -> None:
    made = engine.create(TABLE, TABLE_INPUTS | {"ttl": {"attributeName": "end", "enabled": True}})
    assert "ttl" not in engine.update(made, TABLE_INPUTS).outputs


def test_what_was_deleted_by_hand_is_noticed(engine: Any, client: Any) -> None:
    made = engine.create(TABLE, TABLE_INPUTS)
    client("dynamodb").delete_table(TableName="items")
    assert not engine.exists(made)
    engine.delete(made)


def test_what_aws_refuses_is_said_whole(engine: Any) -> None:
    engine.create(TABLE, TABLE_INPUTS)
    with pytest.raises(grpc.RpcError, match="dynamodb CreateTable: ResourceInUseException"):
        engine.create(TABLE, TABLE_INPUTS)
    with pytest.raises(grpc.RpcError, match="inputs the local engine does not know: colour"):
        engine.create(TABLE, TABLE_INPUTS | {"colour": "red"})


def test_a_type_it_does_not_have_is_named(engine: Any) -> None:
    with pytest.raises(grpc.RpcError, match="aws:ec2/instance:Instance"):
        engine.check("aws:ec2/instance:Instance", {})
