"""The decision stream: one line of JSON for each decision, delivered to the audit bucket by Firehose."""

import json
import os
from typing import Any

from functions.common.aws import client


def put(record: dict[str, Any]) -> None:
    """Write a record. Returns once Firehose has it, raises if it has not."""
    line = json.dumps(record, separators=(",", ":"), allow_nan=False)
    client("firehose").put_record(
        DeliveryStreamName=os.environ["DECISIONS_STREAM"], Record={"Data": f"{line}\n".encode()}
    )
