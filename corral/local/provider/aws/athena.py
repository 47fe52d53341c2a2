"""Athena workgroups and named queries."""

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, of, retag
from corral.local.provider.reading import lower_first, tag_map, unless_unset


def _update(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    if change.changed & {"configuration", "description", "state"}:
        calls(
            "athena",
            "update_work_group",
            WorkGroup=sent["Name"],
            Description=sent["Description"] or "",
            State=change.new.get("state", "ENABLED"),
            ConfigurationUpdates=_updates(sent["Configuration"]),
        )
    arn = change.old["arn"]
    retag(calls, change, "athena", ("tag_resource", "Tags"), ("untag_resource", "TagKeys"), ResourceARN=arn)
    return {}


_RESULTS = ("OutputLocation", "EncryptionConfiguration", "ExpectedBucketOwner", "AclConfiguration")


def _updates(configuration: Parameters) -> Parameters:
    """Turn a whole configuration into the update that leaves nothing of the one before."""
    updates = dict(configuration)
    results = updates.pop("ResultConfiguration", {})
    gone = {f"Remove{name}": True for name in _RESULTS if name not in results}
    updates["ResultConfigurationUpdates"] = {**results, **gone}
    if "BytesScannedCutoffPerQuery" not in updates:
        updates["RemoveBytesScannedCutoffPerQuery"] = True
    return updates


def _read(calls: Calls, old: Old) -> Live:
    # The local AWS has an empty answer for a workgroup that is not there.
    found = calls("athena", "get_work_group", WorkGroup=old.id).get("WorkGroup")
    if not found:
        raise EngineError(f"ResourceNotFoundException: there is no workgroup {old.id}")
    configuration = lower_first(
        found.get("Configuration") or {},
        EnforceWorkGroupConfiguration="enforceWorkgroupConfiguration",
        PublishCloudWatchMetricsEnabled="publishCloudwatchMetricsEnabled",
        KmsKey="kmsKeyArn",
    )
    configuration.pop("enableMinimumEncryptionConfiguration", None)  # pulumi_aws has no such input
    configuration.get("engineVersion", {}).pop("effectiveEngineVersion", None)
    arn = calls.arn("athena", f"workgroup/{old.id}")
    # The local AWS calls a workgroup without tags one that does not exist.
    tags = unless_unset(calls, "InvalidRequestException", "athena", "list_tags_for_resource", ResourceARN=arn)
    inputs = {
        "name": found["Name"],
        "description": found.get("Description"),
        "state": found["State"],
        "configuration": configuration,
        "tags": tag_map(tags.get("Tags")),
    }
    return Live(inputs, {"arn": arn})


def _delete_query(calls: Calls, old: Old) -> None:
    _read_query(calls, old)  # so that one that is gone already is told apart from a request that is refused
    calls("athena", "delete_named_query", NamedQueryId=old.id)


def _read_query(calls: Calls, old: Old) -> Live:
    # Athena has one code for a request that is wrong and for a query that is not there.
    found = unless_unset(
        calls, "InvalidRequestException", "athena", "get_named_query", NamedQueryId=old.id
    ).get("NamedQuery")
    if not found:
        raise EngineError(f"ResourceNotFoundException: there is no named query {old.id}")
    inputs = {
        "name": found["Name"],
        "database": found["Database"],
        "query": found["QueryString"],
        "description": found.get("Description"),
        "workgroup": found["WorkGroup"],
    }
    return Live(inputs)


KINDS = {
    "aws:athena/namedQuery:NamedQuery": Kind(
        delete=_delete_query,
        read=_read_query,
        ids=("{id}",),
        defaults={"workgroup": "primary"},
    ),
    "aws:athena/workgroup:Workgroup": Kind(
        delete=lambda calls, old: calls(
            "athena",
            "delete_work_group",
            WorkGroup=old.id,
            RecursiveDeleteOption=old.values.get("forceDestroy", False),
        ),
        read=_read,
        in_place=of("configuration", "description", "state", "forceDestroy", "tags"),
        rewrites={("athena", "create_work_group"): _update},
        defaults={
            "state": "ENABLED",
            "configuration": {
                "enforceWorkgroupConfiguration": True,
                "publishCloudwatchMetricsEnabled": True,
                "requesterPaysEnabled": False,
                "engineVersion": {"selectedEngineVersion": "AUTO"},
            },
            "forceDestroy": False,
        },
    ),
}
