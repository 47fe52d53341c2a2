"""Gateway rate limits: requests a second or a minute, grouped by dimensions.

As AWS documents enforcement: every active limit must pass (AND); in a limit the most specific entry
decides, found by an exact match and then with trailing dimensions replaced by `*` one at a time; a rate of
zero blocks. A limit whose dimensions the request does not have (toolName in tools/list) does not apply.
Each group of dimension values has a fixed window of its own, aligned to the clock. `Tokens` and
`Connections` are not enforced here: they concern inference targets and long connections, which the local
gateway does not have.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from typing import Any

_SECONDS = {"second": 1, "minute": 60}


class RateLimiter:
    """Counts requests in fixed windows. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, ...], tuple[int, int]] = {}

    def wait_seconds(
        self, limits: Iterable[Mapping[str, Any]], dimensions: Mapping[str, str], now: float
    ) -> int | None:
        """Count one request at epoch time `now`; None if every limit allows it, else seconds to wait.

        `limits` are AWS::BedrockAgentCore::GatewayRateLimit properties. A refused request counts against
        none.
        """
        with self._lock:
            charged: dict[tuple[str, ...], tuple[int, int]] = {}
            for limit in limits:
                keys = limit["DimensionKeys"]
                if any(key not in dimensions for key in keys):
                    continue
                values = [dimensions[key] for key in keys]
                entry = _matching_entry(limit["Entries"], keys, values)
                for rate in (entry or {}).get("Requests", ()):
                    seconds = _SECONDS[rate["Period"]]
                    window = int(now // seconds)
                    group = (limit["GatewayIdentifier"], limit["RateLimitId"], rate["Period"], *values)
                    counted_window, count = self._counts.get(group, (window, 0))
                    count = count if counted_window == window else 0
                    if count >= rate["Rate"]:
                        return max(1, math.ceil((window + 1) * seconds - now))
                    charged[group] = (window, count + 1)
            self._counts.update(charged)
            return None


def _matching_entry(
    entries: Iterable[Mapping[str, Any]], keys: list[str], values: list[str]
) -> Mapping[str, Any] | None:
    by_values = {tuple(entry["Dimensions"].get(key) for key in keys): entry for entry in entries}
    for exact in range(len(values), -1, -1):
        entry = by_values.get((*values[:exact], *["*"] * (len(values) - exact)))
        if entry is not None:
            return entry
    return None
