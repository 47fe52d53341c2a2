"""knowledge-search: the best passages of one data domain's documents."""

import re

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.tool import Arguments, RefusalError, Result, tool
from functions.tools.knowledge_search.documents import library

DEFAULT_PASSAGES, MOST_PASSAGES = 5, 10


@tool("query", "domain", "limit")
def handler(arguments: Arguments, context: LambdaContext) -> Result:
    """Search a domain. Nothing found is an empty list, a domain without documents is a refusal."""
    query = arguments.text("query", max_length=500)
    domain = arguments.text("domain", max_length=32)
    limit = arguments.integer("limit", at_least=1, at_most=MOST_PASSAGES, default=DEFAULT_PASSAGES)
    found = library(domain) if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", domain) else None
    if found is None:
        raise RefusalError(
            "unknown_domain",
            f"There is no data domain {domain!r} with documents. Use the domain named in your instructions.",
        )
    passages = [
        {"text": passage.text, "source": passage.source, "score": round(score, 3)}
        for score, passage in found.index.best(query, limit)
    ]
    result: Result = {"passages": passages, "domain": domain}
    if found.left_out:
        result["notice"] = (
            f"{found.left_out} documents of this domain are over the size limits and were not searched."
        )
    return result
