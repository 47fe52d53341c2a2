"""Times one pass of the drift monitor over a fleet, API time simulated, and what measuring costs a step of an agent.

`python benchmarks/drift_monitor.py [--agents 2000]`. The handler is the one that is deployed. CloudWatch, DynamoDB and
SNS are stand-ins in this process that answer after LATENCY and hold three weeks of every agent. The first pass is that
of a fleet which is new: it asks for every agent's and metric's history. The second is an ordinary one, in memory of
the first; the third learns every baseline at once, which is the most that a pass can have to do.
"""

import argparse
import contextlib
import io
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

# Seconds. One for each page of GetMetricData, which has up to PAGE values of up to 500 queries; AWS publishes none.
LATENCY = {
    "get_metric_data": 0.6,
    "batch_get_item": 0.03,
    "batch_write_item": 0.03,
    "scan": 0.05,
}
PAGE = 100_800  # GetMetricData's
HOUR, DAY = 3600, 86_400
START = 1_790_553_600


class Stand:
    """What the monitor calls, after the time it would take. `now` is the time of the pass."""

    def __init__(self, agents: int) -> None:
        self._drawn = random.Random(5)
        self._configs = [_config(number) for number in range(agents)]
        self._kept: dict[str, dict[str, Any]] = {}
        self.calls: dict[str, int] = {}
        # A hundred series that agents share: to make each its own would measure the making.
        self._series = [_series(self._drawn) for _ in range(100)]

    def get_paginator(self, name: str) -> Any:
        """Return the pages of an operation."""
        return _Pages(getattr(self, f"_{name}"))

    def _scan(self, **_: Any) -> Iterator[dict[str, Any]]:
        for first in range(0, len(self._configs), 500):
            self._wait("scan")
            yield {"Items": self._configs[first : first + 500]}

    def _get_metric_data(self, **asked: Any) -> Iterator[dict[str, Any]]:
        queries = asked["MetricDataQueries"]
        first, last = (int((at.timestamp() - START) // HOUR) for at in (asked["StartTime"], asked["EndTime"]))
        hours = range(max(0, first), last)
        times = [datetime.fromtimestamp(START + hour * HOUR, UTC) for hour in hours]
        each = max(1, PAGE // max(1, len(hours)))
        for start in range(0, len(queries), each):
            self._wait("get_metric_data")
            yield {"MetricDataResults": self._results(queries[start : start + each], hours, times)}

    def _results(
        self, queries: list[dict[str, Any]], hours: range, times: list[datetime]
    ) -> list[dict[str, Any]]:
        results = []
        for query in queries:
            stat = query["MetricStat"]
            sums, counts = self._series[hash(str(stat["Metric"])) % 100]
            values = sums if stat["Stat"] == "Sum" else counts
            results.append(
                {"Id": query["Id"], "Timestamps": times, "Values": [values[hour] for hour in hours]}
            )
        return results

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Give what was written."""
        self._wait("batch_get_item")
        [(table, asked)] = RequestItems.items()
        keys = [key["agent"]["S"] for key in asked["Keys"]]
        return {"Responses": {table: [self._kept[key] for key in keys if key in self._kept]}}

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        """Take what is to be kept."""
        self._wait("batch_write_item")
        [requests] = RequestItems.values()
        for request in requests:
            item = request["PutRequest"]["Item"]
            self._kept[item["agent"]["S"]] = item
        return {}

    def publish(self, **_: Any) -> None:
        """Take a message."""
        self._wait("batch_get_item")

    def forget_baselines(self) -> None:
        """Have every agent due to learn its baseline."""
        import json

        for item in self._kept.values():
            memories = json.loads(item["memories"]["S"])
            for memory in memories.values():
                memory["baseline"] = memory["refine"] = None
            item["memories"]["S"] = json.dumps(memories)

    def _wait(self, kind: str) -> None:
        self.calls[kind] = self.calls.get(kind, 0) + 1
        time.sleep(LATENCY[kind])


class _Pages:
    def __init__(self, call: Callable[..., Any]) -> None:
        self.paginate = call


def _config(number: int) -> dict[str, Any]:
    team, name = f"team-{number // 10}", f"agent-{number % 10}"
    watch = (
        '{"version":"1","topic":"arn:aws:sns:us-east-1:111122223333:t","accuracy":"Builtin.Correctness",'
        f'"service":"harness_dev_{team}_{name}.DEFAULT","tolerances":{{}}}}'
    )
    texts = {
        "agent": f"arn:{team}/{name}",
        "item": "config",
        "environment": "dev",
        "team": team,
        "name": name,
        "key": name,
    }
    return {key: {"S": text} for key, text in {**texts, "watch": watch, "price": "{}"}.items()}


def _series(drawn: random.Random) -> tuple[list[float], list[float]]:
    counts = [9.0] * (22 * 24)
    return [float(sum(drawn.random() < 0.92 for _ in range(9))) for _ in counts], counts


def _pass(stand: Stand, hour: int) -> tuple[float, float, dict[str, int], dict[str, int]]:
    from functions.drift_monitor import handler

    when = datetime.fromtimestamp(START + hour * HOUR + 900, UTC)
    stand.calls.clear()
    began, used = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        answer = handler.handler({"scheduled_time": when.isoformat()}, None)  # type: ignore[arg-type]
    return time.perf_counter() - began, time.process_time() - used, answer, dict(stand.calls)


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=2000)
    agents = parser.parse_args().agents
    os.environ |= {"AGENTS_TABLE": "agents", "DRIFT_TABLE": "drift", "ENVIRONMENT": "dev"}
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    from functions.drift_monitor import agents as known
    from functions.drift_monitor import measurements, memories, telling

    known.everything = list  # type: ignore[attr-defined]  # nothing is put above any of them
    stand = Stand(agents)
    for module in (known, measurements, memories, telling):
        module.client = lambda _: stand  # type: ignore[attr-defined]
    print(f"{agents} agents, 6 metrics each; API time simulated: {LATENCY}")
    for said, hour in (("new fleet", 10 * 24), ("ordinary", 10 * 24 + 2)):
        _print(said, *_pass(stand, hour))
    stand.forget_baselines()
    _print("every baseline due", *_pass(stand, 20 * 24))
    print(f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    _hook()


def _print(said: str, seconds: float, used: float, answer: dict[str, int], calls: dict[str, int]) -> None:
    print(f"{said:<20} {seconds:6.1f} s, {used:.1f} s of a core  {answer}  calls {calls}")


def _hook() -> None:
    from functions.supervisor import measures
    from functions.supervisor.agents import Agent, Price
    from functions.supervisor.decision import ALLOW
    from functions.supervisor.hook import Hook

    agent = Agent("support", "helpdesk", "dev", frozenset(), frozenset(), (), None, price=Price(0.06, 0.24))
    used = {"stopReason": "end_turn", "usage": {"inputTokens": 900, "outputTokens": 90}}
    hook = Hook("id", "afterInvocation", "arn", "session", used)
    took = []
    with contextlib.redirect_stdout(io.StringIO()):
        for _ in range(5000):
            began = time.perf_counter()
            measures.measure(hook, agent, ALLOW)
            took.append(time.perf_counter() - began)
    took.sort()
    print(f"measuring a step: median {took[2500] * 1e6:.0f} us, 99 of 100 within {took[4950] * 1e6:.0f} us")


if __name__ == "__main__":
    main()
