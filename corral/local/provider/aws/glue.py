"""Glue databases and tables."""

from corral.local.engine.calls import Calls
from corral.local.provider.kind import Change, Kind, Old, Parameters, of, retag


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


KINDS = {
    "aws:glue/catalogDatabase:CatalogDatabase": Kind(
        delete=lambda calls, old: calls("glue", "delete_database", **_database(old)),
        exists=lambda calls, old: calls("glue", "get_database", **_database(old)),
        in_place=of("description", "locationUri", "parameters", "tags"),
        rewrites={("glue", "create_database"): _update_database},
    ),
    "aws:glue/catalogTable:CatalogTable": Kind(
        delete=lambda calls, old: calls("glue", "delete_table", **_table(old)),
        exists=lambda calls, old: calls("glue", "get_table", **_table(old)),
        in_place=of(
            *("description", "owner", "parameters", "partitionKeys", "retention", "storageDescriptor"),
            *("tableType", "viewOriginalText", "viewExpandedText"),
        ),
        rewrites={("glue", "create_table"): _update_table},
    ),
}
