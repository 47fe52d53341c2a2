"""How long the offline engine takes a resource, and whether that stays the same with thousands of them.

Usage: python benchmarks/engine_scale.py [resources ...]     (default: 500 1000 2500 5000)

Each run is one stack in a process of its own, as in a real run. Calls to AWS are checked against botocore's
model but answered at once, so that what is measured is the program, Pulumi's SDK and the engine.
"""

import multiprocessing
import os
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

from corral.local.engine import Credentials
from corral.local.engine.calls import Calls
from corral.local.engine.host import _import_all
from corral.local.engine.parameters import problems
from corral.local.engine.program import run_program
from corral.local.engine.project import Project, read_project

PROGRAM = """
    import json
    import os

    import pulumi
    import pulumi_aws as aws

    STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})

    class Group(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("bench:index:Group", name)
            under = pulumi.ResourceOptions(parent=self)
            policy = aws.iam.Policy(f"{name}-policy", policy=POLICY, path="/bench/", opts=under)
            attached = aws.iam.RolePolicyAttachment(
                f"{name}-attach", role="bench", policy_arn=policy.arn, opts=under
            )
            alias = aws.kms.Alias(f"{name}-alias", target_key_id="1234abcd", opts=under)
            key = alias.target_key_arn
            aws.sqs.Queue(f"{name}-queue", kms_master_key_id=key, tags={"group": name}, opts=under)
            self.register_outputs({"policy": policy.arn, "attachment": attached.id})

    for number in range(int(os.environ["BENCH_RESOURCES"]) // 5):
        Group(f"group-{number}")
"""


class InstantCalls(Calls):
    """Checks parameters as always, answers at once."""

    def __call__(  # noqa: D102
        self, service: str, operation: str, **parameters: Any
    ) -> dict[str, Any]:
        client = self.client(service)
        shape = client.meta.service_model.operation_model(
            client.meta.method_to_api_mapping[operation]
        ).input_shape
        found = list(problems(shape, {k: v for k, v in parameters.items() if v is not None}))
        assert not found, found
        return {
            "Policy": {"Arn": "arn:aws:iam::123456789012:policy/bench", "PolicyId": "bench"},
            "KeyMetadata": {"Arn": "arn:aws:kms:us-east-1:123456789012:key/1234abcd"},
            "QueueUrl": "http://127.0.0.1/123456789012/bench",
        }


def _measure(project: Project, calls: Calls, answer: Any) -> None:
    started = time.perf_counter()
    result = run_program(project, "dev", calls, {}, lambda event: None)
    assert result.ok, result.errors[:3]
    answer.send((len(result.resources), time.perf_counter() - started))


def main(sizes: list[int]) -> None:
    """Print one line a size."""
    fork = multiprocessing.get_context("fork")
    calls = InstantCalls("http://127.0.0.1:1", Credentials("bench", "bench"), "us-east-1", "123456789012")
    _import_all()
    for service in ("iam", "kms", "sqs"):
        calls.client(service)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (root / "__main__.py").write_text(textwrap.dedent(PROGRAM))
        project = read_project(root)
        print(f"{'resources':>10} {'seconds':>8} {'ms each':>8} {'a second':>9}")
        for size in sizes:
            os.environ["BENCH_RESOURCES"] = str(size)
            receiver, sender = fork.Pipe(duplex=False)
            process = fork.Process(target=_measure, args=(project, calls, sender))
            process.start()
            made, seconds = receiver.recv()
            process.join()
            print(f"{made:>10} {seconds:>8.2f} {seconds / made * 1000:>8.2f} {made / seconds:>9.0f}")


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [500, 1000, 2500, 5000])
