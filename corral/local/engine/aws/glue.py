"""Glue databases and tables."""

from typing import Any

from corral.local.engine.aws import tags
from corral.local.engine.context import Context, Created, Handler
from corral.local.engine.inputs import Inputs, upper_first, without_none


def database(inputs: Inputs, context: Context) -> Created:
    """Create a database in the account's catalogue."""
    name = context.name_of()
    catalog = inputs.take("catalogId", context.calls.account)
    database_tags = tags.take_tags(inputs)
    described = {
        "Name": name,
        "Description": inputs.take("description"),
        "LocationUri": inputs.take("locationUri"),
        "Parameters": inputs.take("parameters"),
    }
    inputs.close()
    context.call(
        "glue",
        "create_database",
        CatalogId=catalog,
        DatabaseInput=without_none(described),
        Tags=database_tags or None,
    )
    arn = context.calls.arn("glue", f"database/{name}")
    return f"{catalog}:{name}", {
        "name": name,
        "arn": arn,
        "catalogId": catalog,
        **tags.outputs(database_tags),
    }


def table(inputs: Inputs, context: Context) -> Created:
    """Create a table of a database."""
    name = context.name_of()
    catalog = inputs.take("catalogId", context.calls.account)
    database_name = inputs.need("databaseName")
    storage = inputs.block("storageDescriptor")
    described = {
        "Name": name,
        "Description": inputs.take("description"),
        "Owner": inputs.take("owner"),
        "Parameters": inputs.take("parameters"),
        "PartitionKeys": [_column(block) for block in inputs.blocks("partitionKeys")] or None,
        "Retention": inputs.take("retention"),
        "StorageDescriptor": _storage(storage) if storage else None,
        "TableType": inputs.take("tableType"),
        "ViewOriginalText": inputs.take("viewOriginalText"),
        "ViewExpandedText": inputs.take("viewExpandedText"),
    }
    inputs.close()
    context.call(
        "glue",
        "create_table",
        CatalogId=catalog,
        DatabaseName=database_name,
        TableInput=without_none(described),
    )
    arn = context.calls.arn("glue", f"table/{database_name}/{name}")
    return f"{catalog}:{database_name}:{name}", {"name": name, "arn": arn, "catalogId": catalog}


def _storage(block: Inputs) -> dict[str, Any]:
    serde = block.block("serDeInfo")
    return without_none(
        {
            "Columns": [_column(column) for column in block.blocks("columns")] or None,
            "Location": block.take("location"),
            "InputFormat": block.take("inputFormat"),
            "OutputFormat": block.take("outputFormat"),
            "Compressed": block.take("compressed"),
            "NumberOfBuckets": block.take("numberOfBuckets"),
            "BucketColumns": block.take("bucketColumns"),
            "SortColumns": upper_first(block.take("sortColumns")),
            "StoredAsSubDirectories": block.take("storedAsSubDirectories"),
            "Parameters": block.take("parameters"),
            "SerdeInfo": without_none(
                {
                    "Name": serde.take("name"),
                    "SerializationLibrary": serde.take("serializationLibrary"),
                    "Parameters": serde.take("parameters"),
                }
            )
            if serde
            else None,
        }
    )


def _column(block: Inputs) -> dict[str, Any]:
    return without_none(
        {
            "Name": block.need("name"),
            "Type": block.take("type"),
            "Comment": block.take("comment"),
            "Parameters": block.take("parameters"),
        }
    )


HANDLERS: dict[str, Handler] = {
    "aws:glue/catalogDatabase:CatalogDatabase": database,
    "aws:glue/catalogTable:CatalogTable": table,
}
