"""Gateway rate limits: windows, most specific entry, several limits at once."""

from typing import Any

from corral.local.server.agentcore.rate_limits import RateLimiter

CALLER = "$.context.iam.principal"


def limit(name: str, keys: list[str], *entries: tuple[tuple[str, ...], float, str]) -> dict[str, Any]:
    return {
        "GatewayIdentifier": "g",
        "RateLimitId": name,
        "DimensionKeys": keys,
        "Entries": [
            {
                "Dimensions": dict(zip(keys, values, strict=True)),
                "Requests": [{"Rate": rate, "Period": period}],
            }
            for values, rate, period in entries
        ],
    }


def test_a_window_fills_and_empties() -> None:
    limiter, limits = RateLimiter(), [limit("a", ["toolName"], (("*",), 2, "minute"))]
    waits = [limiter.wait_seconds(limits, {"toolName": "t"}, now) for now in (0, 10, 20.5, 59.9, 60)]
    assert waits == [None, None, 40, 1, None]


def test_each_value_has_a_group_of_its_own() -> None:
    limiter, limits = RateLimiter(), [limit("a", ["toolName", CALLER], (("*", "*"), 1, "second"))]
    groups = [("t", "a"), ("t", "b"), ("u", "a"), ("t", "a")]
    waits = [limiter.wait_seconds(limits, {"toolName": tool, CALLER: who}, 5.0) for tool, who in groups]
    assert waits == [None, None, None, 1]


def test_the_most_specific_entry_decides() -> None:
    entries = ((("t", "a"), 3, "minute"), (("t", "*"), 1, "minute"), (("*", "*"), 0, "minute"))
    limits = [limit("a", ["toolName", CALLER], *entries)]

    def passed(tool: str, who: str) -> int:
        limiter = RateLimiter()
        dimensions = {"toolName": tool, CALLER: who}
        return sum(limiter.wait_seconds(limits, dimensions, 0.0) is None for _ in range(5))

    assert [passed("t", "a"), passed("t", "b"), passed("u", "a")] == [3, 1, 0]


def test_all_limits_must_pass_and_a_refusal_uses_nothing_up() -> None:
    limiter = RateLimiter()
    loose = limit("loose", ["toolName"], (("*",), 2, "minute"))
    shut = limit("shut", ["toolName"], (("t",), 0, "minute"))
    assert limiter.wait_seconds([loose, shut], {"toolName": "t"}, 0.0) == 60
    waits = [limiter.wait_seconds([loose], {"toolName": "t"}, 0.0) for _ in range(3)]
    assert waits == [None, None, 60]


def test_a_limit_without_its_dimension_or_entry_does_not_apply() -> None:
    limiter, limits = RateLimiter(), [limit("a", ["toolName"], (("t",), 0, "minute"))]
    assert limiter.wait_seconds(limits, {CALLER: "a"}, 0.0) is None
    assert limiter.wait_seconds(limits, {"toolName": "u"}, 0.0) is None
