"""Partition projection: which object belongs to which partition of a table, told by its key alone.

Known are columns of type enum and of type date whose format has digits only (yyyy, MM, dd), in a range of dates or of
NOW and days from it. Every object of the table is read; the query's own conditions then choose among partitions.
https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

_JAVA = {"yyyy": "%Y", "MM": "%m", "dd": "%d"}
_DIGITS = {"%Y": r"\d{4}", "%m": r"\d{2}", "%d": r"\d{2}"}
_NOW = re.compile(r"NOW(?:([+-]\d+)DAYS?)?")


class Projection:
    """The projected partitions of one table. Raises ValueError for what is not known here."""

    def __init__(self, keys: list[str], location: str, parameters: Mapping[str, str]) -> None:
        if parameters.get("projection.enabled") != "true":
            raise ValueError("partitions are read by projection only, and projection.enabled is not true")
        self.keys = keys
        self._formats: dict[str, str] = {}
        self._ranges: dict[str, tuple[datetime, datetime]] = {}
        hive = "/".join(f"{key}=${{{key}}}" for key in keys)
        template = parameters.get("storage.location.template") or f"{location.rstrip('/')}/{hive}"
        path = template.removeprefix("s3://").partition("/")[2].rstrip("/")
        pattern = re.escape(path)
        for key in keys:
            pattern = pattern.replace(re.escape(f"${{{key}}}"), f"(?P<{key}>{self._values(key, parameters)})")
        self._pattern = re.compile(f"{pattern}/")

    def partition(self, object_key: str) -> dict[str, str] | None:
        """Return the partition's values for an object's key, None for an object in no partition."""
        found = self._pattern.match(object_key)
        if found is None:
            return None
        values = found.groupdict()
        for key, (first, last) in self._ranges.items():
            try:
                day = datetime.strptime(values[key], self._formats[key]).replace(tzinfo=UTC)
            except ValueError:
                return None
            if not first <= day <= last:
                return None
        return values

    def _values(self, key: str, parameters: Mapping[str, str]) -> str:
        """Return the pattern of a partition column's values."""
        kind = parameters.get(f"projection.{key}.type")
        if kind == "enum":
            return "|".join(map(re.escape, parameters[f"projection.{key}.values"].split(",")))
        if kind != "date":
            raise ValueError(f"projection.{key}.type {kind} is not known")
        form = parameters[f"projection.{key}.format"]
        for java, python in _JAVA.items():
            form = form.replace(java, python)
        if re.search(r"(?<!%)[A-Za-z]", form):
            raise ValueError(f"projection.{key}.format {parameters[f'projection.{key}.format']} is not known")
        self._formats[key] = form
        first, last = (self._bound(form, text) for text in parameters[f"projection.{key}.range"].split(","))
        self._ranges[key] = (first, last)
        pattern = re.escape(form)
        for directive, digits in _DIGITS.items():
            pattern = pattern.replace(re.escape(directive), digits)
        return pattern

    def _bound(self, form: str, text: str) -> datetime:
        if found := _NOW.fullmatch(text.strip()):
            today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            return today + timedelta(days=int(found[1] or 0))
        return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
