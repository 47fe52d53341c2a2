"""Validates one file against its model, and salvages what is sound so that the rest can still be checked."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from corral.spec.errors import SpecError
from corral.spec.model import API_VERSION, Document
from corral.spec.source import Location, Source, read_yaml
from corral.spec.wording import locate, spec_errors

D = TypeVar("D", bound=Document)

_EMAIL = "nobody@example.com"
# What stands in for a value that is missing or wrong, and reported, while everything around it is checked.
_STAND_INS: dict[str, Any] = {
    "apiVersion": API_VERSION,
    "account": "000000000000",
    "region": "us-east-1",
    "owner": {"name": "nobody", "email": _EMAIL},
    "cost": {"center": "none", "monthly_budget_usd": 1},
    "members": {
        "operators": ["arn:aws:iam::000000000000:root"],
        "approvers": ["arn:aws:iam::000000000000:root"],
    },
    "stage": "experiment",
    "classification": "restricted",
    "access": "write",
    "risk": "high",
    "version": "0.0.0",
    "summary": "stands in for a missing summary",
    "description": "stands in for a missing description",
    "help": "stands in for missing help",
}
_DROPPED = object()
_ROUNDS = 20  # more than a file's levels; each round takes out one


class Report:
    """Collects errors from everywhere; a mistake found twice counts once."""

    def __init__(self) -> None:
        self.errors: list[SpecError] = []

    def add(self, error: SpecError) -> None:
        """Note one error."""
        self.errors.append(error)


@dataclass
class Loaded(Generic[D]):
    """A file and what it says. `spec` is None when too little is sound, and partial when `sound` is False."""

    source: Source
    report: Report
    spec: D | None = None
    sound: bool = True
    _broken: set[Location] = field(default_factory=set)
    _kept: dict[Location, list[int]] = field(default_factory=dict)

    def error(self, location: Location, message: str, hint: str = "", key: bool = False) -> None:
        """Report a mistake at a place of the spec, unless it may only follow from one already reported."""
        if self.intact(location):
            self.report.add(self.source.error(self._in_file(location), message, hint, key))

    def intact(self, location: Location) -> bool:
        """Whether a place of the spec, all around it and all within it, is as the file has it."""
        place = self._in_file(location)
        return not any(
            a[: len(b)] == b for broken in self._broken for a, b in ((place, broken), (broken, place))
        )

    def line(self, location: Location) -> int:
        """The line of the file on which a place of the spec stands."""
        return self.source.position(self._in_file(location))[0]

    def place(self, location: Location) -> str:
        """The file and the line of a place of the spec, as in stacks/dev/teams/support.yaml:14."""
        return f"{self.source.shown}:{self.line(location)}"

    def _in_file(self, location: Location) -> Location:
        """Where an entry of the salvaged spec stood in the file, whose bad entries were left out."""
        place: Location = ()
        for part in location:
            kept = self._kept.get(place)
            place = (*place, kept[part] if kept is not None and isinstance(part, int) else part)
        return place


def load(path: Path, model: type[D], root: Path, report: Report) -> Loaded[D]:
    """Read and validate a file, reporting all that is wrong with it."""
    source = read_yaml(path, root)
    loaded: Loaded[D] = Loaded(source, report)
    for error in source.errors:
        report.add(error)
    loaded.sound = not source.errors
    loaded._broken.update(source.bad)
    if source.data is None:
        return loaded
    try:
        loaded.spec = _validate(model, source.data)
    except ValidationError as error:
        loaded.sound = False
        for finding in spec_errors(source, model, error):
            report.add(finding)
        if isinstance(source.data, dict):
            _salvage(loaded, model, error)
    return loaded


def _validate(model: type[D], data: Any) -> D:
    # By way of JSON: there pydantic's strict mode takes a list for a tuple and text for a date, no more.
    return model.model_validate_json(json.dumps(data), strict=True)


def _salvage(loaded: Loaded[D], model: type[D], error: ValidationError) -> None:
    """Take wrong values out, put stand-ins where something must be, until the rest is valid."""
    data = json.loads(json.dumps(loaded.source.data))
    cleaned = data
    for _ in range(_ROUNDS):
        before = json.dumps(cleaned)
        for place in _repair(data, cleaned, loaded._kept, error):
            loaded._broken.add(place)
        loaded._kept.clear()
        cleaned = _without_dropped(data, (), loaded._kept)
        if cleaned is _DROPPED or json.dumps(cleaned) == before:
            return
        try:
            loaded.spec = _validate(model, cleaned)
        except ValidationError as next_error:
            error = next_error
        else:
            return


def _repair(
    data: dict[str, Any], cleaned: Any, kept: dict[Location, list[int]], error: ValidationError
) -> Iterator[Location]:
    """Change `data` for each finding in `cleaned`; yields the places that differ from the file now."""
    mapped: Loaded[Any] = Loaded(Source(Path(), ""), Report(), _kept=kept)
    for detail in error.errors(include_url=False):
        location, _ = locate(cleaned, detail["loc"])
        place = mapped._in_file(location)
        name = detail["loc"][-1] if detail["type"] == "missing" else None
        if name in _STAND_INS:
            _at(data, place)[name] = _STAND_INS[str(name)]
            yield (*place, name)
        elif place:
            _at(data, place[:-1])[place[-1]] = _DROPPED
            yield place


def _at(data: Any, place: Location) -> Any:
    for part in place:
        data = data[part]
        if data is _DROPPED:
            return {}
    return data


def _without_dropped(data: Any, place: Location, kept: dict[Location, list[int]]) -> Any:
    if isinstance(data, dict):
        return {k: _without_dropped(v, (*place, k), kept) for k, v in data.items() if v is not _DROPPED}
    if isinstance(data, list):
        left = [index for index, item in enumerate(data) if item is not _DROPPED]
        if len(left) < len(data):
            kept[place] = left
        return [_without_dropped(data[index], (*place, index), kept) for index in left]
    return data
