"""The documents of a data domain in S3, indexed anew only when one of them has changed."""

import os
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from functions.common.aws import client
from functions.tools.knowledge_search.ranking import Index, Passage, split

logger = Logger()

# What fits into the function's memory next to its index, and can be read within its time.
MAX_DOCUMENTS = 500
MAX_DOCUMENT_BYTES = 1024 * 1024
MAX_DOMAIN_BYTES = 8 * 1024 * 1024
_KEPT_DOMAINS = 4
_TEXT = (".md", ".txt")


@dataclass(frozen=True)
class Library:
    """A domain's documents. `version` changes when any of them does; `left_out` counts those over limits."""

    version: frozenset[tuple[str, str]]
    sources: tuple[str, ...]
    index: Index
    left_out: int


_libraries: dict[str, Library] = {}
_passages: dict[tuple[str, str], list[Passage]] = {}  # by key and ETag


def library(domain: str) -> Library | None:
    """Return the domain's documents as they are in S3 now, or None if it has none."""
    bucket = os.environ["DOCUMENTS_BUCKET"]
    found, left_out = _list(bucket, f"{domain}/")
    if not found and not left_out:
        return None
    version = frozenset(found)
    kept = _libraries.pop(domain, None)
    if kept is None or kept.version != version:
        passages = [p for key, etag in found for p in _read(bucket, domain, key, etag)]
        sources = tuple(sorted(_source(domain, key) for key, _ in found))
        kept = Library(version, sources, Index(passages), left_out)
    _libraries[domain] = kept  # the one used last is the last to go
    for oldest in list(_libraries)[:-_KEPT_DOMAINS]:
        del _libraries[oldest]
    current = {entry for other in _libraries.values() for entry in other.version}
    for stale in _passages.keys() - current:
        del _passages[stale]
    return kept


def _list(bucket: str, prefix: str) -> tuple[list[tuple[str, str]], int]:
    """Return key and ETag of the documents to search, by key, and how many are left out."""
    found: list[tuple[str, str]] = []
    total = left_out = 0
    for page in client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            if not entry["Key"].lower().endswith(_TEXT) or not entry["Size"]:
                continue
            too_big = entry["Size"] > MAX_DOCUMENT_BYTES or total + entry["Size"] > MAX_DOMAIN_BYTES
            if too_big or len(found) == MAX_DOCUMENTS:
                left_out += 1
                continue
            total += entry["Size"]
            found.append((entry["Key"], entry["ETag"]))
    if left_out:
        logger.warning("documents left out", extra={"prefix": prefix, "left_out": left_out})
    return found, left_out


def _read(bucket: str, domain: str, key: str, etag: str) -> list[Passage]:
    if (key, etag) not in _passages:
        # Without IfMatch a document replaced since the listing would be kept under its old ETag.
        answer: Any = client("s3").get_object(Bucket=bucket, Key=key, IfMatch=etag)
        text = answer["Body"].read(MAX_DOCUMENT_BYTES).decode("utf-8", errors="replace")
        _passages[key, etag] = split(text, _source(domain, key))
    return _passages[key, etag]


def _source(domain: str, key: str) -> str:
    return key.removeprefix(f"{domain}/")
