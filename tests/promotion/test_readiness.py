"""Data domains at a gate: what is old, of unknown origin, there twice or for too many readers is told in figures."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from corral.promotion.readiness import readiness
from corral.spec.domain import Domain

TODAY = date(2026, 11, 29)
MANUALS: dict[str, Any] = {
    "apiVersion": "corral/v1",
    "domain": "manuals",
    "owner": {"name": "Docs", "email": "docs@example.com"},
    "classification": "internal",
    "readers": ["support"],
    "documents": "data/manuals",
    "source": "the wiki",
    "fresh_within_days": 30,
    "reviewed": "2026-11-09",
}
TABLE: dict[str, Any] = {
    "name": "orders",
    "file": "data/orders.csv",
    "columns": {"id": "string", "day": "date", "team": "string"},
    "team_column": "team",
    "key": ["id"],
    "dated_by": "day",
}
ORDERS: dict[str, Any] = {
    **{key: value for key, value in MANUALS.items() if key not in ("documents", "reviewed")},
    "domain": "orders",
    "classification": "confidential",
    "readers": ["sales", "finance"],
    "tables": [TABLE],
}
ROWS = "id,day,team\n1,2026-11-01,sales\n2,2026-11-24,sales\n3,2027-01-01,finance\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data/manuals").mkdir(parents=True)
    (tmp_path / "data/manuals/one.md").write_text("# Reset\nHold the button.\n")
    (tmp_path / "data/manuals/two.md").write_text("# Warranty\nTwo years.\n")
    (tmp_path / "data/orders.csv").write_text(ROWS)
    return tmp_path


def look(said: dict[str, Any], folder: Path, **changes: Any) -> tuple[dict[str, str], dict[str, str]]:
    """What was looked at, and what of it fails."""
    values = {key: value for key, value in {**said, **changes}.items() if value is not None}
    domain = Domain.model_validate_json(json.dumps(values), strict=True)
    found = readiness(domain, folder, TODAY)
    name = f"data of {domain.domain}: "
    assert all(each.what.startswith(name) for each in found)
    rows = [(each.what.removeprefix(name), each.value, each.ok) for each in found]
    return {what: value for what, value, _ in rows}, {what: value for what, value, ok in rows if not ok}


def table(**changes: Any) -> list[dict[str, Any]]:
    return [{key: value for key, value in {**TABLE, **changes}.items() if value is not None}]


@pytest.mark.control("stage-gates")
def test_documents_that_are_ready(folder: Path) -> None:
    assert look(MANUALS, folder) == (
        {
            "freshness": "reviewed 2026-11-09, 20 days ago",
            "lineage": "the wiki",
            "duplicates": "0 of 2 documents",
            "access": "internal, for support",
        },
        {},
    )


@pytest.mark.control("stage-gates")
def test_tables_that_are_ready_days_to_come_aside(folder: Path) -> None:
    assert look(ORDERS, folder) == (
        {
            "freshness": "newest day of orders 2026-11-24, 5 days ago",
            "lineage": "the wiki",
            "duplicates": "0 of 3 rows of orders, by id",
            "access": "confidential, for sales, finance",
        },
        {},
    )


@pytest.mark.control("stage-gates")
@pytest.mark.parametrize(
    ("changes", "what", "value"),
    [
        ({"fresh_within_days": 19}, "freshness", "reviewed 2026-11-09, 20 days ago"),
        ({"fresh_within_days": None}, "freshness", "not known: its file has no fresh_within_days"),
        ({"reviewed": None}, "freshness", "not known: its file has no reviewed"),
        ({"reviewed": "2026-11-30"}, "freshness", "reviewed 2026-11-30, which is to come"),
        ({"source": None}, "lineage", "its file has no source"),
        (
            {"classification": "restricted", "readers": ["ops", "law"]},
            "access",
            "restricted, for ops, law, who share data/manuals",
        ),
    ],
)
def test_documents_that_are_not(folder: Path, changes: dict[str, Any], what: str, value: str) -> None:
    assert look(MANUALS, folder, **changes)[1] == {what: value}


@pytest.mark.control("stage-gates")
@pytest.mark.parametrize(
    ("changes", "what", "value"),
    [
        (
            {"tables": table(team_column=None)},
            "access",
            "confidential, for sales, finance, who share orders",
        ),
        ({"tables": table(key=None)}, "duplicates", "not known: table orders has no key"),
        ({"tables": table(key=["team"])}, "duplicates", "1 of 3 rows of orders, by team"),
        ({"tables": table(dated_by=None)}, "freshness", "not known: its file has no reviewed"),
        ({"fresh_within_days": 4}, "freshness", "newest day of orders 2026-11-24, 5 days ago"),
    ],
)
def test_tables_that_are_not(folder: Path, changes: dict[str, Any], what: str, value: str) -> None:
    assert look(ORDERS, folder, **changes)[1] == {what: value}


@pytest.mark.control("stage-gates")
def test_a_document_that_says_what_another_says(folder: Path) -> None:
    (folder / "data/manuals/copy.txt").write_text("# reset\n\nHold  the button.")
    assert look(MANUALS, folder)[1] == {"duplicates": "1 of 3 documents"}


@pytest.mark.control("stage-gates", "fail-closed")
@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (
            "id,day,team\n1,soon,sales\n",
            {"freshness": "not known: 'soon' in day of orders is no day"},
        ),
        ("id,day,team\n", {"freshness": "not known: orders has no day up to today"}),
        (
            "id,day,team\n1,2026-11-24\n",
            {
                "freshness": "not known: data/orders.csv has a line of another length than its first",
                "duplicates": "not known: data/orders.csv has a line of another length than its first",
            },
        ),
        (
            None,
            {
                "freshness": "not known: data/orders.csv does not exist",
                "duplicates": "not known: data/orders.csv does not exist",
            },
        ),
    ],
)
def test_what_cannot_be_read_is_not_ready(folder: Path, text: str | None, wrong: dict[str, str]) -> None:
    path = folder / "data/orders.csv"
    path.unlink() if text is None else path.write_text(text)
    assert look(ORDERS, folder)[1] == wrong
