"""Makes metrics of log lines in CloudWatch's embedded metric format, as CloudWatch Logs does.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

_MAX_DIMENSIONS = 30


def metrics(line: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each value that a line holds, as its namespace and a datum of PutMetricData; nothing of other lines.

    As on AWS a directive that the line does not fulfil is passed over without a word.
    """
    if '"CloudWatchMetrics"' not in line:
        return
    try:
        said = json.loads(line)
        metadata = said["_aws"]
        at = datetime.fromtimestamp(metadata["Timestamp"] / 1000, UTC).replace(tzinfo=None)
        directives = list(metadata["CloudWatchMetrics"])
    except (ValueError, TypeError, KeyError):
        return
    for directive in directives:
        for dimensions in directive.get("Dimensions") or [[]]:
            if len(dimensions) > _MAX_DIMENSIONS or any(not isinstance(said.get(d), str) for d in dimensions):
                continue
            for metric in directive["Metrics"]:
                given = said.get(metric["Name"])
                for value in given if isinstance(given, list) else [given]:
                    if isinstance(value, int | float) and not isinstance(value, bool):
                        yield (
                            directive["Namespace"],
                            {
                                "MetricName": metric["Name"],
                                "Dimensions": [{"Name": d, "Value": said[d]} for d in dimensions],
                                "Timestamp": at,
                                "Value": value,
                                "Unit": metric.get("Unit"),
                            },
                        )
