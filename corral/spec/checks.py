"""What a platform file and a domain file must hold that their models cannot see: the world around them."""

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from corral.spec.document import Loaded
from corral.spec.domain import Domain, Table
from corral.spec.errors import SpecError, listed, show, suggestion, unknown
from corral.spec.notices import NoticeCode
from corral.spec.platform import Platform
from corral.spec.regions import REGISTRY, has_registry, missing_services, types_by_region
from corral.spec.source import files, read_text

DOCUMENT_SUFFIXES = (".md", ".txt")
_DATED = ("date", "timestamp")
# Where CloudTrail records, and EventBridge hands on, the calls of a service for all regions.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
IAM_REGION = "us-east-1"

Said = tuple[NoticeCode, tuple[str, ...], str]  # a notice's code, the key it is about, its text


def check_platform(loaded: Loaded[Platform], platform: Platform, folder: str, today: date) -> list[Said]:
    """Check a platform file against its folder, the calendar and its region. Returns notices."""
    if platform.environment != folder:
        loaded.error(
            ("environment",),
            f'environment: "{platform.environment}" is in the folder {folder}',
            "Both must be the same name.",
        )
    if platform.default_model not in platform.models:
        message, hint = unknown("model", platform.default_model, platform.models)
        loaded.error(("default_model",), f"default_model: {message}", hint)
    _check_prices(loaded, platform)
    if platform.audit.lock_mode == "COMPLIANCE" and not platform.production:
        loaded.error(
            ("audit", "lock_mode"),
            'audit.lock_mode: "COMPLIANCE" cannot be undone by anyone, and this is not production',
            "Allowed: GOVERNANCE, or production: true.",
        )
    for index, waiver in enumerate(platform.waivers):
        if waiver.expires < today:
            loaded.error(
                ("waivers", index, "expires"),
                f"waivers[{index}]: the waiver for {waiver.control} expired on {waiver.expires}",
                f"Meet the control, or have {waiver.owner} renew it.",
            )
    notices: list[Said] = [("no-registry", ("region",), text) for text in _check_region(loaded, platform)]
    if platform.production and platform.lock_mode == "GOVERNANCE":
        text = (
            "production's records are locked in GOVERNANCE mode: who is given s3:BypassGovernanceRetention can "
            "delete them. Without audit.lock_mode, production has COMPLIANCE."
        )
        notices.append(("weak-lock", ("audit", "lock_mode"), text))
    if platform.region != IAM_REGION:
        text = (
            f"no alerts tell of changes of roles and boundaries: AWS hands on IAM's calls in {IAM_REGION} alone, "
            f"and this is {platform.region}. The trail has them."
        )
        notices.append(("no-iam-alerts", ("region",), text))
    return notices


def _check_prices(loaded: Loaded[Platform], platform: Platform) -> None:
    """Check that a price table is of the models there are: an agent without a price would not be watched."""
    if platform.prices is None:
        return
    table, place = platform.prices.per_million_tokens_usd, ("prices", "per_million_tokens_usd")
    for name in table.keys() - platform.models.keys():
        message, hint = unknown("model", name, platform.models)
        loaded.error((*place, name), f"{'.'.join(place)}: {message}", hint)
    if missing := sorted(platform.models.keys() - table.keys()):
        loaded.error(
            place,
            f"{'.'.join(place)}: no price for {listed(missing)}",
            "Give every model its price, or leave prices out: the cost of tasks is then not watched.",
        )


def _check_region(loaded: Loaded[Platform], platform: Platform) -> list[str]:
    region, known = platform.region, types_by_region()
    complete = [name for name in known if not missing_services(name)]
    if region not in known:
        hint = f"Regions with every service: {listed(complete)}.{suggestion(region, known)}"
        loaded.error(("region",), f"region: unknown region {show(region)}", hint)
        return []
    if missing := missing_services(region):
        loaded.error(
            ("region",),
            f"region: {region} has no {', '.join(missing)}",
            f"Regions with every service: {listed(complete)}.",
        )
        return []
    if not has_registry(region):
        return [f"{region} has no agent registry ({REGISTRY}): agents and tools get no registry records."]
    return []


def check_domain(
    loaded: Loaded[Domain], domain: Domain, teams: Iterable[str], folder: Path, root: Path
) -> None:
    """Check a domain file against its name, the teams and the data it points to."""
    name = loaded.source.path.stem
    if domain.domain != name:
        loaded.error(
            ("domain",),
            f'domain: "{domain.domain}" is in {name}.yaml',
            "The file must have the domain's name.",
        )
    known = list(teams)
    for index, team in enumerate(domain.readers):
        if team not in known:
            message, hint = unknown("team", team, known)
            loaded.error(("readers", index), f"readers[{index}]: {message}", hint)
    if domain.documents is not None:
        _check_documents(loaded, domain.documents, folder)
    seen: set[str] = set()
    for index, table in enumerate(domain.tables):
        if table.name in seen:
            loaded.error(
                ("tables", index, "name"), f'tables[{index}]: "{table.name}" is there twice', "Each once."
            )
        seen.add(table.name)
        _check_table(loaded, index, table, folder, root)


def _inside(folder: Path, relative: str) -> Path | None:
    """A path within the environment's folder, or None when it leads out of it."""
    try:
        path = (folder / relative).resolve()
        return path if path.is_relative_to(folder.resolve()) else None
    except (OSError, ValueError, RuntimeError):  # a path too long, or links in a circle
        return None


def _check_documents(loaded: Loaded[Domain], documents: str, folder: Path) -> None:
    path = _inside(folder, documents)
    if path is None:
        loaded.error(
            ("documents",),
            f"documents: {show(documents)} is outside the environment's folder",
            "Keep data in it.",
        )
    elif not path.is_dir() and not files(path, "*"):
        hint = f"It is looked for in {folder.name}/."
        loaded.error(("documents",), f"documents: the folder {show(documents)} does not exist", hint)
    elif not any(file.suffix in DOCUMENT_SUFFIXES for file in files(path, "*")):
        loaded.error(
            ("documents",), f"documents: {show(documents)} holds no document", "Allowed: .md and .txt files."
        )


def _check_table(loaded: Loaded[Domain], index: int, table: Table, folder: Path, root: Path) -> None:
    place = ("tables", index, "file")
    path = _inside(folder, table.file)
    if path is None:
        message = f"tables[{index}].file: {show(table.file)} is outside the environment's folder"
        loaded.error(place, message, "Keep data in it.")
        return
    text = read_text(path, root)
    if isinstance(text, SpecError):
        loaded.error(place, f"tables[{index}].file: {text.path} {text.text.rstrip('.')}")
        return
    try:
        header = next(csv.reader([text.partition("\n")[0].rstrip("\r")]), [])
    except csv.Error:
        header = []
    if table.team_column is not None and table.columns.get(table.team_column) != "string":
        loaded.error(
            ("tables", index, "team_column"),
            f"tables[{index}].team_column: {show(table.team_column)} is no column of type string",
            f"Columns of type string: {listed(c for c, kind in table.columns.items() if kind == 'string')}.",
        )
    _check_key(loaded, index, table)
    if header != list(table.columns):
        loaded.error(
            ("tables", index, "columns"),
            f"tables[{index}].columns: the first line of {table.file} has {listed_in_order(header)}",
            f"The columns here: {listed_in_order(table.columns)}. Both must be the same, in the same order.",
        )


def _check_key(loaded: Loaded[Domain], index: int, table: Table) -> None:
    """Check the columns that tell rows apart, and how fresh they are."""
    for position, column in enumerate(table.key):
        if column not in table.columns:
            message, hint = unknown("column", column, table.columns)
            loaded.error(("tables", index, "key", position), f"tables[{index}].key: {message}", hint)
    if table.dated_by is not None and table.columns.get(table.dated_by) not in _DATED:
        loaded.error(
            ("tables", index, "dated_by"),
            f"tables[{index}].dated_by: {show(table.dated_by)} is no column of type date or timestamp",
            f"Columns of these types: {listed(c for c, kind in table.columns.items() if kind in _DATED)}.",
        )


def listed_in_order(names: Iterable[str]) -> str:
    """Names as they come, in one short line."""
    text = ", ".join(names)
    return text if len(text) <= 200 else f"{text[:197]}..."
