"""A harness lists each tool it may use, by its full name."""

import re
from collections.abc import Iterator

from policies.rule import AGENTCORE, Properties, Rule

_GLOB = re.compile(r"[*?\[\]]")
_BUILT_IN = re.compile(r"^(shell$|file_|@builtin(/|$))")


def check(harness: Properties) -> Iterator[str]:
    """Require allowedTools, without globs, whole servers or built-in tools."""
    allowed = harness.get("allowedTools")
    if allowed is None:
        yield "has no allowedTools, which allows every tool, shell and files included; send [] for none"
        return
    for entry in allowed:
        if _GLOB.search(entry):
            yield f"allowedTools has the glob {entry!r}; name each tool"
        elif _BUILT_IN.search(entry):
            yield f"allowedTools has the built-in tool {entry!r}; agents use catalogue tools only"
        elif entry.startswith("@") and "/" not in entry:
            yield f"allowedTools has the whole server {entry!r}; name each of its tools"


RULE = Rule(
    id="harness-tools",
    severity="critical",
    enforcement="mandatory",
    why="What a harness may call is what it was granted, never what happens to exist.",
    link="https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/harness.html",
    types=frozenset({f"{AGENTCORE}Harness"}),
    check=check,
)
