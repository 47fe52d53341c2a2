"""Athena workgroups."""

from corral.local.engine.calls import Calls
from corral.local.engine.model import EngineError
from corral.local.provider.kind import Change, Kind, Old, Parameters, of, retag


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


def _updates(configuration: Parameters | None) -> Parameters | None:
    if configuration is None:
        return None
    updates = dict(configuration)
    if results := updates.pop("ResultConfiguration", None):
        updates["ResultConfigurationUpdates"] = results
    if "BytesScannedCutoffPerQuery" not in updates:
        updates["RemoveBytesScannedCutoffPerQuery"] = True
    return updates


def _exists(calls: Calls, old: Old) -> None:
    # The local AWS has an empty answer for a workgroup that is not there.
    if not calls("athena", "get_work_group", WorkGroup=old.id).get("WorkGroup"):
        raise EngineError("ResourceNotFoundException")


KINDS = {
    "aws:athena/workgroup:Workgroup": Kind(
        delete=lambda calls, old: calls(
            "athena",
            "delete_work_group",
            WorkGroup=old.id,
            RecursiveDeleteOption=old.values.get("forceDestroy", False),
        ),
        exists=_exists,
        in_place=of("configuration", "description", "state", "forceDestroy", "tags"),
        rewrites={("athena", "create_work_group"): _update},
    )
}
