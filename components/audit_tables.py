"""The records as Glue tables: CloudTrail's as AWS documents them, the supervisor's as it writes them.

Both are partitioned by day, with projection: a query names the days it is about, and nobody adds partitions. Column
names are lower case, as Glue has them; the readers of JSON find the records' own keys whatever their case.
https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html
"""

from collections.abc import Mapping

from pulumi import Input, Output, ResourceOptions
from pulumi_aws import glue

from components.site import Site
from corral.spec.regions import types_by_region

TRAIL, DECISIONS = "trail", "decisions"
_IDENTITY = (
    "struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,accesskeyid:string,"
    "username:string,onbehalfof:struct<userid:string,identitystorearn:string>,sessioncontext:struct<"
    "attributes:struct<mfaauthenticated:string,creationdate:string>,"
    "sessionissuer:struct<type:string,principalid:string,arn:string,accountid:string,username:string>,"
    "ec2roledelivery:string,webidfederationdata:struct<federatedprovider:string,attributes:map<string,string>>>>"
)
TRAIL_COLUMNS = {
    "eventversion": "string",
    "useridentity": _IDENTITY,
    **dict.fromkeys(("eventtime", "eventsource"), "string"),
    **dict.fromkeys(("eventname", "awsregion", "sourceipaddress", "useragent", "errorcode"), "string"),
    **dict.fromkeys(("errormessage", "requestparameters", "responseelements"), "string"),
    **dict.fromkeys(("additionaleventdata", "requestid", "eventid", "readonly"), "string"),
    "resources": "array<struct<arn:string,accountid:string,type:string>>",
    **dict.fromkeys(("eventtype", "apiversion", "recipientaccountid", "serviceeventdetails"), "string"),
    **dict.fromkeys(("sharedeventid", "vpcendpointid", "vpcendpointaccountid", "eventcategory"), "string"),
    "addendum": "struct<reason:string,updatedfields:string,originalrequestid:string,originaleventid:string>",
    **dict.fromkeys(("sessioncredentialfromconsole", "edgedevicedetails"), "string"),
    "tlsdetails": "struct<tlsversion:string,ciphersuite:string,clientprovidedhostheader:string>",
}
# What the supervisor and the override function write; a test holds them together. Arguments are kept as JSON text.
DECISION_COLUMNS = {
    **dict.fromkeys(("id", "time", "environment", "team", "agent", "harness_arn", "session_id"), "string"),
    **dict.fromkeys(("event", "tool", "tool_use_id", "arguments", "arguments_sha256"), "string"),
    **dict.fromkeys(("decision", "reason", "approval_id", "approved_by", "actor", "outcome"), "string"),
    **dict.fromkeys(("target", "from_version", "to_version"), "string"),
    "stop_reason": "string",
    "usage": "struct<input_tokens:bigint,output_tokens:bigint>",
}
_CLOUDTRAIL_INPUT = "com.amazon.emr.cloudtrail.CloudTrailInputFormat"
_TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"


def regions(site: Site) -> list[str]:
    """Return the regions whose records the trail's table has: all of the partition, for the trail covers all."""
    special = {"aws-cn": "cn-", "aws-us-gov": "us-gov-"}
    prefix = special.get(site.partition)
    if prefix is not None:
        return sorted(region for region in types_by_region() if region.startswith(prefix))
    return sorted(region for region in types_by_region() if not region.startswith(tuple(special.values())))


def trail_table(
    name: str, database: Input[str], bucket: Input[str], site: Site, opts: ResourceOptions
) -> glue.CatalogTable:
    """Make the table of CloudTrail's records, partitioned by region and day."""
    location = Output.concat("s3://", bucket, f"/{site.trail_folder}")
    projection = {"projection.region.type": "enum", "projection.region.values": ",".join(regions(site))}
    return glue.CatalogTable(
        name,
        name=TRAIL,
        database_name=database,
        description="CloudTrail's records of this account, as the platform's trail delivers them.",
        table_type="EXTERNAL_TABLE",
        parameters={
            "classification": "cloudtrail",
            **_by_day(site, "yyyy/MM/dd"),
            **projection,
            "storage.location.template": Output.concat(location, "${region}/${day}"),
        },
        partition_keys=[_partition("region"), _partition("day")],
        storage_descriptor=_storage(
            location, _CLOUDTRAIL_INPUT, "org.apache.hive.hcatalog.data.JsonSerDe", TRAIL_COLUMNS
        ),
        opts=opts,
    )


def decisions_table(
    name: str, database: Input[str], bucket: Input[str], site: Site, opts: ResourceOptions
) -> glue.CatalogTable:
    """Make the table of the supervisor's decision records, partitioned by day."""
    location = Output.concat("s3://", bucket, "/decisions/")
    return glue.CatalogTable(
        name,
        name=DECISIONS,
        database_name=database,
        description="The supervisor's record of each step of each agent.",
        table_type="EXTERNAL_TABLE",
        parameters={
            "classification": "json",
            **_by_day(site, "yyyy-MM-dd"),
            "storage.location.template": Output.concat(location, "dt=${day}"),
        },
        partition_keys=[_partition("day")],
        storage_descriptor=_storage(
            location, _TEXT_INPUT, "org.openx.data.jsonserde.JsonSerDe", DECISION_COLUMNS
        ),
        opts=opts,
    )


def _by_day(site: Site, form: str) -> dict[str, Input[str]]:
    """Project a day's partition for as long as records are kept."""
    return {
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": form,
        "projection.day.interval": "1",
        "projection.day.interval.unit": "DAYS",
        "projection.day.range": f"NOW-{site.retention_days + 1}DAYS,NOW",
    }


def _partition(name: str) -> glue.CatalogTablePartitionKeyArgs:
    return glue.CatalogTablePartitionKeyArgs(name=name, type="string")


def _storage(
    location: Input[str], input_format: str, serde: str, columns: Mapping[str, str]
) -> glue.CatalogTableStorageDescriptorArgs:
    return glue.CatalogTableStorageDescriptorArgs(
        location=location,
        input_format=input_format,
        output_format=_OUTPUT,
        ser_de_info=glue.CatalogTableStorageDescriptorSerDeInfoArgs(serialization_library=serde),
        columns=[
            glue.CatalogTableStorageDescriptorColumnArgs(name=column, type=kind)
            for column, kind in columns.items()
        ],
    )
