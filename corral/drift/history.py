"""Reads the history of an agent's metrics: CSV, JSON lines, or what `aws cloudwatch get-metric-data` printed."""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from corral.spec.errors import suggestion
from functions.drift_monitor.detect.metrics import METRICS
from functions.drift_monitor.detect.sample import HOUR, Sample, SampleError, check

SUFFIXES = (".csv", ".jsonl", ".ndjson", ".json")
COLUMNS = ("time", "metric", "count", "mean", "total", "version", "agent")
_CLOUDWATCH = (
    "Its results are told apart by their Id: <metric> is the Average or <metric>_sum the Sum, "
    "and <metric>_count the SampleCount"
)


class HistoryError(Exception):
    """A history that cannot be read: the file, the line if there is one, and what is wrong, in plain words."""

    def __init__(self, path: Path, line: int | None, message: str) -> None:
        super().__init__(f"{path}{f':{line}' if line else ''}: {message}")


@dataclass(frozen=True)
class Series:
    """One metric of one agent, an hour a sample, in order of time. `agent` is "" if the file names none."""

    agent: str
    metric: str
    samples: list[Sample] = field(default_factory=list)


def read(path: Path, metric: str | None = None) -> list[Series]:
    """Read a file. `metric`: which one it is of, if it does not say itself. Raises HistoryError."""
    if path.suffix not in SUFFIXES:
        raise HistoryError(
            path, None, f"of which kind is it? Its name must end in one of {', '.join(SUFFIXES)}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise HistoryError(path, None, f"cannot be read: {why}") from None
    rows = {".csv": _csv, ".json": _cloudwatch}.get(path.suffix, _lines)
    found: dict[tuple[str, str], dict[int, Sample]] = {}
    for line, row in rows(path, text):
        try:
            agent, name, sample = _sample(row, metric)
        except (ValueError, SampleError) as error:
            raise HistoryError(path, line, str(error)) from None
        hours = found.setdefault((agent, name), {})
        old = hours.get(sample.time)
        # The version that an hour ends with is the hour's.
        hours[sample.time] = (
            Sample(sample.time, old.count + sample.count, old.total + sample.total, sample.version)
            if old
            else sample
        )
    if not found:
        raise HistoryError(path, None, "holds no measurements")
    return [Series(*key, [hours[time] for time in sorted(hours)]) for key, hours in sorted(found.items())]


def _csv(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(text.splitlines(), strict=True)
    try:
        for name in reader.fieldnames or ():
            if name not in COLUMNS:
                known = ", ".join(COLUMNS)
                raise HistoryError(
                    path, 1, f"unknown column {name!r}. Known: {known}.{suggestion(name, COLUMNS)}"
                )
        for row in reader:
            if None in row or None in row.values():
                raise HistoryError(
                    path, reader.line_num, "has not as many fields as the first line has names"
                )
            yield reader.line_num, {key: value for key, value in row.items() if value != ""}
    except csv.Error as error:
        raise HistoryError(path, reader.reader.line_num, f"is no CSV: {error}") from None


def _lines(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise HistoryError(path, number, f"is no JSON: {error.msg} at column {error.colno}") from None
        if not isinstance(row, dict):
            raise HistoryError(
                path, number, 'must be an object such as {"time": ..., "count": ..., "mean": ...}'
            )
        for name in row:
            if name not in COLUMNS:
                known = ", ".join(COLUMNS)
                raise HistoryError(
                    path, number, f"unknown key {name!r}. Known: {known}.{suggestion(name, COLUMNS)}"
                )
        yield number, row


def _cloudwatch(path: Path, text: str) -> Iterator[tuple[int | None, Mapping[str, Any]]]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        hint = " (a file with one object a line ends in .jsonl)" if error.msg == "Extra data" else ""
        raise HistoryError(path, error.lineno, f"is no JSON: {error.msg}{hint}") from None
    results = data.get("MetricDataResults") if isinstance(data, dict) else None
    if not isinstance(results, list):
        raise HistoryError(
            path, None, "has no MetricDataResults, as aws cloudwatch get-metric-data prints them"
        )
    by_id: dict[str, dict[Any, Any]] = {}
    for place, result in enumerate(results):
        try:
            times, values = result["Timestamps"], result["Values"]
            points = dict(zip(times, values, strict=True))
        except (KeyError, TypeError, ValueError):
            raise HistoryError(
                path, None, f"MetricDataResults[{place}] needs Timestamps and Values, as many of each"
            ) from None
        # A call that was paged repeats its Ids.
        by_id.setdefault(str(result.get("Id")), {}).update(points)
    for name, points in by_id.items():
        if name.endswith("_count"):
            continue
        of, key = (name[: -len("_sum")], "total") if name.endswith("_sum") else (name, "mean")
        counts = by_id.get(f"{of}_count")
        if of not in METRICS or counts is None:
            missing = "is no metric" if of not in METRICS else f"has no {of}_count beside it"
            raise HistoryError(
                path, None, f"result {name!r} {missing}. {_CLOUDWATCH}. Metrics: {', '.join(METRICS)}"
            )
        for time, value in points.items():
            if time not in counts:
                raise HistoryError(path, None, f"{of}_count has no value at {time}, where {name} has one")
            yield None, {"time": time, "metric": of, "count": counts[time], key: value}


def _sample(row: Mapping[str, Any], metric: str | None) -> tuple[str, str, Sample]:
    name = row.get("metric", metric)
    if name is None:
        raise ValueError("which metric is it? Give a metric in the file, or --metric")
    if not isinstance(name, str) or name not in METRICS:
        raise ValueError(
            f"unknown metric {name!r}. Known: {', '.join(METRICS)}.{suggestion(str(name), METRICS)}"
        )
    for needed in ("time", "count"):
        if needed not in row:
            raise ValueError(f"has no {needed}")
    if ("mean" in row) is ("total" in row):
        raise ValueError("give either mean or total")
    counted = _number(row, "count")
    if counted != int(counted):
        raise ValueError(f"count {row['count']} is no whole number")
    total = _number(row, "total") if "total" in row else _number(row, "mean") * counted
    time = _time(row["time"]) // HOUR * HOUR
    sample = Sample(time, int(counted), total, str(row.get("version", "")))
    check(METRICS[name], sample)
    return str(row.get("agent", "")), name, sample


def _number(row: Mapping[str, Any], key: str) -> float:
    value = row[key]
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not math.isfinite(number):
        raise ValueError(f"{key} {value!r} is no number")
    return number


def _time(value: Any) -> int:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return int(datetime.fromtimestamp(value, UTC).timestamp())
        time = datetime.fromisoformat(value)
        return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    except (TypeError, ValueError, OverflowError, OSError):
        raise ValueError(
            f"time {value!r} is no time: give 2026-11-02T09:00Z, or seconds since 1970 as a number in JSON"
        ) from None
