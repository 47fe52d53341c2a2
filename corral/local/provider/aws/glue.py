"""Glue databases and tables."""

from corral.local.engine.calls import Calls
from corral.local.provider.kind import Change, Kind, Live, Old, Parameters, of, retag
from corral.local.provider.reading import lower_first


def _update_database(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    parameters = {key: value for key, value in sent.items() if key != "Tags"}
    calls("glue", "update_database", Name=sent["DatabaseInput"]["Name"], **parameters)
    retag(
        *(calls, change, "glue", ("tag_resource", "TagsToAdd"), ("untag_resource", "TagsToRemove")),
        pairs=None,
        ResourceArn=change.old["arn"],
    )
    return {}


def _update_table(calls: Calls, sent: Parameters, change: Change) -> Parameters:
    return calls("glue", "update_table", **sent)


def _database(old: Old) -> dict[str, str]:
    return {"CatalogId": old.values["catalogId"], "Name": old.values["name"]}


def _table(old: Old) -> dict[str, str]:
    return {**_database(old), "DatabaseName": old.values["databaseName"]}


def _read_database(calls: Calls, old: Old) -> Live:
    found = calls("glue", "get_database", **_database(old))["Database"]
    arn = calls.arn("glue", f"database/{found['Name']}")
    inputs = {
        "name": found["Name"],
        "description": found.get("Description"),
        "locationUri": found.get("LocationUri"),
        "parameters": found.get("Parameters"),
        "tags": calls("glue", "get_tags", ResourceArn=arn)["Tags"],
    }
    return Live(inputs, {"arn": arn, "catalogId": old.values["catalogId"]})


_TABLE = ("Description", "Owner", "Retention", "TableType", "ViewOriginalText", "ViewExpandedText")


def _read_table(calls: Calls, old: Old) -> Live:
    found = calls("glue", "get_table", **_table(old))["Table"]
    storage = found.get("StorageDescriptor") or {}
    parameters = {"parameters": storage.pop("Parameters", None)}
    serde = storage.pop("SerdeInfo", None) or {}
    serde_parameters = {"parameters": serde.pop("Parameters", None)}
    inputs = {
        "name": found["Name"],
        "databaseName": found["DatabaseName"],
        **lower_first({key: found.get(key) for key in (*_TABLE, "PartitionKeys")}),
        "parameters": found.get("Parameters"),
        "storageDescriptor": {
            **lower_first(storage),
            **parameters,
            "serDeInfo": {**lower_first(serde), **serde_parameters},
        },
    }
    arn = calls.arn("glue", f"table/{found['DatabaseName']}/{found['Name']}")
    return Live(inputs, {"arn": arn, "catalogId": old.values["catalogId"]})


KINDS = {
    "aws:glue/catalogDatabase:CatalogDatabase": Kind(
        delete=lambda calls, old: calls("glue", "delete_database", **_database(old)),
        read=_read_database,
        ids=("{catalogId}:{name}",),
        in_place=of("description", "locationUri", "parameters", "tags"),
        rewrites={("glue", "create_database"): _update_database},
    ),
    "aws:glue/catalogTable:CatalogTable": Kind(
        delete=lambda calls, old: calls("glue", "delete_table", **_table(old)),
        read=_read_table,
        ids=("{catalogId}:{databaseName}:{name}",),
        in_place=of(
            *("description", "owner", "parameters", "partitionKeys", "retention", "storageDescriptor"),
            *("tableType", "viewOriginalText", "viewExpandedText"),
        ),
        rewrites={("glue", "create_table"): _update_table},
    ),
}
