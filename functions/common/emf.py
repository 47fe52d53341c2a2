"""Metrics as lines of a function's log, in CloudWatch's embedded metric format.

CloudWatch makes metrics of such a line by itself, so that measuring costs a step of an agent no call. Powertools'
own metrics cannot be used: they add a dimension, the function's name, to every metric.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

NAMESPACE = "Corral"


def line(
    dimensions: Mapping[str, str], values: Mapping[str, float], at: float | None = None, **said: Any
) -> str:
    """Return one line: a value for each metric, under these dimensions (1 to 30), at a time in epoch seconds.

    `said` is text for people who read the log; a metric or a dimension of that name wins.
    """
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name} for name in values],
    }
    metadata = {
        "Timestamp": int((time.time() if at is None else at) * 1000),
        "CloudWatchMetrics": [directive],
    }
    return json.dumps({**said, **dimensions, **values, "_aws": metadata}, separators=(",", ":"))


def emit(
    dimensions: Mapping[str, str], values: Mapping[str, float], at: float | None = None, **said: Any
) -> None:
    """Write such a line, if there is anything to measure."""
    if values:
        # In one piece, or lines of several threads would mix.
        sys.stdout.write(line(dimensions, values, at, **said) + "\n")
