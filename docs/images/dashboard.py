"""Takes the picture of a team's dashboard for the README, from the root: python docs/images/dashboard.py

On the local AWS that `make serve` keeps up. Three weeks of two agents' use are put into its CloudWatch, of which one
gets worse at the end; the monitor's own passes judge them, hour after hour. Needs Chromium. Serve anew afterwards.
"""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import urllib3
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
HOUR, DAYS = 3600, 21
WORSE_HOURS, JUDGED_HOURS = 78, 7 * 24  # before now
AGENTS = {"helpdesk": 24, "onboarding": 16}  # of team support, with their sessions in a busy hour
SIZE = {"width": 1280, "height": 1190}


def main() -> None:
    """Fill, judge, and keep what a window shows."""
    state = json.loads((ROOT / ".corral/dev.json").read_text())
    at = state["at"]
    session = boto3.Session(at["access_key_id"], at["secret_access_key"], region_name=at["region"])
    cloudwatch = session.client("cloudwatch", endpoint_url=at["endpoint"])
    end = int(time.time()) // HOUR * HOUR
    for seed, (agent, busy) in enumerate(AGENTS.items()):
        for namespace, datum in measured(agent, busy, end, random.Random(seed)):  # noqa: S311
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])
    schedule = state["outputs"][""]["drift_monitor_schedule"]
    for hour in range(JUDGED_HOURS, -1, -1):
        moment = datetime.fromtimestamp(end - hour * HOUR + 900, UTC)
        door(
            at["endpoint"],
            "schedules",
            {"schedule": schedule, "scheduled_time": f"{moment:%Y-%m-%dT%H:%M:%SZ}"},
        )
    door(at["endpoint"], "alarms", {"time": f"{datetime.fromtimestamp(end + HOUR, UTC):%Y-%m-%dT%H:%M:%SZ}"})
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "page.html"
        command = [str(Path(sys.executable).with_name("corral")), "dashboard", "dev", "support", "--local"]
        subprocess.run([*command, "--out", page], check=True, cwd=ROOT)
        picture(page)


def measured(agent: str, busy: int, end: int, drawn: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """An agent in use, hour by hour: busy by day, quiet by night."""
    own = [
        {"Name": k, "Value": v} for k, v in (("Environment", "dev"), ("Team", "support"), ("Agent", agent))
    ]
    scored = [{"Name": "service.name", "Value": f"harness_dev_support_{agent}.DEFAULT"}]
    for hour in range(DAYS * 24, 0, -1):
        at = end - hour * HOUR
        sessions = busy if 7 <= datetime.fromtimestamp(at, UTC).hour < 19 else busy // 4
        bad = agent == "helpdesk" and hour <= WORSE_HOURS
        rates = (
            ("Builtin.Correctness", 0.74 if bad else 0.93),
            ("Builtin.ContextRelevance", 0.88 if bad else 0.95),
            ("JourneyCompletion", 0.82 if bad else 0.9),
            ("ErrorRate", 0.02),
            ("HumanOverrideRate", 0.02),
        )
        for metric, rate in rates:
            judged = metric.startswith("Builtin")
            yield (
                "Corral/Evaluations" if judged else "Corral",
                {
                    "MetricName": metric,
                    "Dimensions": scored if judged else own,
                    "Timestamp": at + 60,
                    "Values": [float(drawn.random() < rate) for _ in range(sessions)],
                },
            )
        costs = [drawn.lognormvariate(-3.6, 0.4) for _ in range(sessions)]
        yield (
            "Corral",
            {"MetricName": "CostPerTask", "Dimensions": own, "Timestamp": at + 60, "Values": costs},
        )
        door_calls = [{"Name": "FunctionName", "Value": "corral-dev-front-door-support"}]
        for metric, values in (
            ("Invocations", [1.0] * sessions),
            ("Errors", [float(drawn.random() < 0.004) for _ in range(sessions)]),
            ("Throttles", [0.0] * sessions),
            ("Duration", [drawn.lognormvariate(8.3, 0.5) for _ in range(sessions)]),
        ):
            yield (
                "AWS/Lambda",
                {"MetricName": metric, "Dimensions": door_calls, "Timestamp": at + 60, "Values": values},
            )


def door(endpoint: str, path: str, body: dict[str, Any]) -> None:
    """Ask the local AWS's own side door."""
    answer = urllib3.request("POST", f"{endpoint}/_corral/{path}", json=body)
    if answer.status >= 300:
        sys.exit(answer.data.decode())


def picture(page: Path) -> None:
    """Open the page and keep what a window shows of it."""
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        opened = browser.new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        opened.goto(page.as_uri())
        opened.wait_for_timeout(2000)
        opened.screenshot(path=Path(__file__).with_name("dashboard.png"), timeout=120_000)
        browser.close()


if __name__ == "__main__":
    main()
