"""Whether CloudWatch would take a dashboard: its body's structure, as AWS documents it, and what no schema says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

COLUMNS = 24
MOST_METRICS = 2500  # in all widgets together
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


def wrong_name(name: str) -> Iterator[str]:
    """Yield what is wrong with a dashboard's name."""
    if not _NAME.fullmatch(name):
        yield f"the name {name!r} is not of 1 to 255 letters, digits, '-' and '_'"


def wrong(body: Any) -> Iterator[str]:
    """Yield what is wrong with a body, each with where it is; nothing for a body that CloudWatch takes."""
    found = [
        f"/{'/'.join(map(str, error.absolute_path))}: {error.message}"
        for error in _schema().iter_errors(body)
    ]
    yield from found
    if not found:
        yield from _beyond_structure(body["widgets"])


@cache
def _schema() -> Draft202012Validator:
    text = Path(__file__).with_name("dashboard_body.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _beyond_structure(widgets: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    total = 0
    for place, widget in enumerate(widgets):
        if widget.get("x", 0) + widget.get("width", 6) > COLUMNS:
            yield f"/widgets/{place}: ends beyond column {COLUMNS}"
        metrics = widget["properties"].get("metrics", ()) if widget["type"] == "metric" else ()
        total += len(metrics)
        if sum(_is_query(metric[0]) for metric in metrics) > 1:
            yield f"/widgets/{place}: a widget has one Metrics Insights query"
        for line, metric in enumerate(metrics):
            names = [part for part in metric if isinstance(part, str)]
            if names != list(metric[: len(names)]) or len(metric) - len(names) > 1:
                yield f"/widgets/{place}/properties/metrics/{line}: only the last part may be an object"
            elif len(names) % 2:
                yield f"/widgets/{place}/properties/metrics/{line}: a dimension has a name and a value"
    if total > MOST_METRICS:
        yield f"/widgets: {total} metrics, and a dashboard has at most {MOST_METRICS}"


def _is_query(part: Any) -> bool:
    return isinstance(part, dict) and part["expression"].lstrip().upper().startswith("SELECT")
