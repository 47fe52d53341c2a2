"""How long a function takes cold and warm on the local AWS, in milliseconds, and how many run a second.

Usage: python benchmarks/lambda_cold_warm.py [warm invocations] [cold starts] [threads]    (500 20 8)

Cold is the first invocation of a new function: interpreter started, code unpacked and imported. It is
measured inside the server. Warm is measured there and by a boto3 client over HTTP, signature included.
"""

import io
import json
import statistics
import sys
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

from corral.local.server.run import Running, start

ACCOUNT, REGION = "111122223333", "us-east-1"
PLAIN = "def handler(event, context):\n    return event\n"
WITH_BOTO3 = "import boto3\ntable = boto3.client('dynamodb')\n" + PLAIN
WITH_POWERTOOLS = "from aws_lambda_powertools import Logger\n" + WITH_BOTO3
SOURCES = {"plain": PLAIN, "boto3": WITH_BOTO3, "Powertools and boto3": WITH_POWERTOOLS}
PAYLOAD = json.dumps({"message": "x" * 200}).encode()


class Bench:
    """One local AWS with a role, and functions made from source text."""

    def __init__(self, running: Running) -> None:
        self.functions: Any = running.aws.functions
        session = boto3.Session(running.access_key_id, running.secret_access_key, region_name=REGION)
        self.client = session.client("lambda", endpoint_url=running.endpoint)
        principal = {"Service": "lambda.amazonaws.com"}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        iam = session.client("iam", endpoint_url=running.endpoint)
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        allow = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_role_policy(RoleName="bench", PolicyName="logs", PolicyDocument=policy)

    def create(self, name: str, source: str) -> None:
        """Create a function."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", source)
        self.client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=self._role,
            Handler="app.handler",
            Code={"ZipFile": packed.getvalue()},
            MemorySize=512,
        )

    def inside(self, name: str) -> None:
        """Invoke in the server's process."""
        execution = self.functions.invoke(name, PAYLOAD)
        if execution.error is not None:
            raise SystemExit(f"{name} failed: {execution.payload.decode()}")

    def over_http(self, name: str) -> None:
        """Invoke as a client does."""
        answer = self.client.invoke(FunctionName=name, Payload=PAYLOAD)
        if "FunctionError" in answer or not answer["Payload"].read():
            raise SystemExit(f"{name} failed")


def measure(run: Callable[[str], None], names: list[str]) -> list[float]:
    """Return each run's milliseconds."""
    taken = []
    for name in names:
        began = time.perf_counter()
        run(name)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def line(what: str, taken: list[float]) -> None:
    """Print one row."""
    ordered = sorted(taken)
    p95 = ordered[int(len(ordered) * 0.95) - 1]
    print(f"{what:<42}{statistics.median(taken):>9.1f}{p95:>9.1f}{len(taken):>7}")


def main() -> None:
    """Measure and print."""
    given = [int(each) for each in sys.argv[1:]] + [500, 20, 8][len(sys.argv) - 1 :]
    warm, cold, threads = given
    running = start(ACCOUNT, REGION)
    try:
        bench = Bench(running)
        print(f"{'':<42}{'p50 ms':>9}{'p95 ms':>9}{'n':>7}")
        for what, source in SOURCES.items():
            names = [f"cold-{what.replace(' ', '-')}-{number}" for number in range(cold)]
            for name in names:
                bench.create(name, source)
            line(f"cold, {what}", measure(bench.inside, names))
        bench.create("warm", PLAIN)
        bench.inside("warm")
        line("warm, inside the server", measure(bench.inside, ["warm"] * warm))
        line("warm, boto3 over HTTP", measure(bench.over_http, ["warm"] * warm))
        began = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(bench.inside, ["warm"] * warm))
        rate = warm / (time.perf_counter() - began)
        print(f"{f'inside, on {threads} threads: {rate:.0f} a second':<42}")
    finally:
        running.stop()


if __name__ == "__main__":
    main()
