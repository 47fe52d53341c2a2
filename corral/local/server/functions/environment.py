"""What a new worker is given: its environment variables, its role's credentials, its log stream."""

import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends

from corral.local.server import emf
from corral.local.server.core import AwsError, Credentials, LocalAws
from corral.local.server.functions.resolve import Target

MAX_EVENT = 1024 * 1024  # bytes of one CloudWatch Logs event


class LogStream:
    """Collects a worker's lines and writes them to the function's log group, if its role may."""

    def __init__(self, aws: LocalAws, group: str, name: str, writable: bool) -> None:
        self._aws = aws
        self._group = group
        self._name = name
        self._writable = writable
        self._lines: list[tuple[int, str]] = []

    def add(self, lines: list[str]) -> None:
        """Take lines to be written at the next flush."""
        now = int(time.time() * 1000)
        self._lines += [(now, line[:MAX_EVENT]) for line in lines if line]

    def flush(self) -> str:
        """Write what was added since the last flush and return it as text."""
        lines, self._lines = self._lines, []
        if self._writable and lines:
            events: list[dict[str, Any]] = [{"timestamp": at, "message": line} for at, line in lines]
            with self._aws.moto_lock:
                logs = logs_backends[self._aws.account][self._aws.region]
                logs.ensure_log_group(self._group)
                logs.ensure_log_stream(self._group, self._name)
                logs.put_log_events(self._group, self._name, events)
                measured = cloudwatch_backends[self._aws.account][self._aws.region]
                for _, line in lines:
                    for namespace, datum in emf.metrics(line):
                        measured.put_metric_data(namespace, [datum])
        return "".join(f"{line}\n" for _, line in lines)


def prepare(aws: LocalAws, target: Target, code: Path) -> tuple[dict[str, str], LogStream]:
    """Return the variables and the log stream of a new worker whose code is unpacked in `code`.

    Raises AwsError when its role cannot be assumed.
    """
    credentials = _assume(aws, target)
    group = f"/aws/lambda/{target.name}"
    stream = f"{datetime.now(UTC):%Y/%m/%d}/[{target.version}]{uuid.uuid4().hex}"
    variables = {
        **target.environment,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{target.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(target.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": target.name,
        "AWS_LAMBDA_FUNCTION_VERSION": target.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_REGION": aws.region,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "LAMBDA_TASK_ROOT": str(code),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
        "_HANDLER": target.handler,
    }
    return variables, LogStream(aws, group, stream, _may_log(aws, credentials, group))


def _assume(aws: LocalAws, target: Target) -> Credentials:
    """Assume the function's role as Lambda does: in a session named after the function."""
    refused = AwsError(
        "AccessDeniedException", "The role defined for the function cannot be assumed by Lambda.", 403
    )
    with aws.moto_lock:
        try:
            role = iam_backends[aws.account]["aws"].get_role_by_arn(target.role_arn)
        except NotFoundException:
            raise refused from None
        if "lambda.amazonaws.com" not in str(role.assume_role_policy_document):
            raise refused
    return aws.assume_role(target.role_arn, target.name[:64])


def _may_log(aws: LocalAws, credentials: Credentials, group: str) -> bool:
    """Whether the role may write to the group: without it a function runs, and leaves no log."""
    resource = f"arn:aws:logs:{aws.region}:{aws.account}:log-group:{group}:log-stream:*"
    try:
        aws.authorize(credentials.caller, "logs:PutLogEvents", resource)
    except AwsError:
        return False
    return True
