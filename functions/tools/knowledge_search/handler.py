"""knowledge-search: the best passages of one data domain's documents."""

import re

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.tool import Arguments, RefusalError, Result, tool
from functions.tools.knowledge_search.documents import library
from functions.tools.knowledge_search.ranking import Passage

DEFAULT_PASSAGES, MOST_PASSAGES = 5, 10
_SOURCES_SHOWN = 10


@tool("query", "domain", "source", "limit")
def handler(arguments: Arguments, context: LambdaContext) -> Result:
    """Search a domain. Nothing found is an empty list, a domain without documents is a refusal."""
    query = arguments.text("query", max_length=500)
    domain = arguments.text("domain", max_length=32)
    source = arguments.text("source", max_length=1024, default="") or None
    limit = arguments.integer("limit", at_least=1, at_most=MOST_PASSAGES, default=DEFAULT_PASSAGES)
    found = library(domain) if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", domain) else None
    if found is None:
        raise RefusalError(
            "unknown_domain",
            f"There is no data domain {domain!r} with documents. Use the domain named in your instructions.",
        )
    if source is not None and source not in found.sources:
        shown = ", ".join(found.sources[:_SOURCES_SHOWN])
        more = len(found.sources) - _SOURCES_SHOWN
        raise RefusalError(
            "unknown_source",
            f"This domain has no document {source!r} that can be searched. Its documents: {shown}"
            + (f" and {more} more." if more > 0 else "."),
        )
    passages = [_shown(score, passage) for score, passage in found.index.best(query, limit, source)]
    result: Result = {"passages": passages, "domain": domain}
    if found.left_out:
        result["notice"] = (
            f"{found.left_out} documents of this domain are over the size limits and were not searched."
        )
    return result


def _shown(score: float, passage: Passage) -> Result:
    shown: Result = {"text": passage.text, "source": passage.source, "score": round(score, 3)}
    return shown if passage.page is None else {**shown, "page": passage.page}
