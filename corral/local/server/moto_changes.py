"""Every change to moto's behaviour, each for something moto 5.2 does unlike AWS.

`moto_settings`, `moto_scheduler`, `moto_cloudwatch` and `moto_budgets` have some of them.
`tests/local/server/test_moto_changes.py` asserts the stock behaviour of each beside the changed one, so that
an upgrade of moto shows which are no longer needed.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from moto import backends
from moto.awslambda.models import FunctionUrlConfig, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.cloudtrail.models import Trail
from moto.core import utils as moto_utils
from moto.core.exceptions import JsonRESTError
from moto.firehose.models import FirehoseBackend
from moto.iam.access_control import PermissionResult
from moto.iam.exceptions import DeleteConflictException
from moto.iam.models import IAMBackend
from moto.moto_api._internal import mock_random
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.s3.exceptions import AccessDeniedByLock, InvalidBucketState, S3ClientError
from moto.s3.models import FakeBucket, FakeKey, S3Backend, s3_backends
from moto.s3.responses import S3Response

from corral.local.server import (
    iam,
    moto_budgets,
    moto_cloudwatch,
    moto_scheduler,
    moto_settings,
    organization,
)


class MotoApplication(DomainDispatcherApplication):
    """moto's server application; it looks a service up once, and raises for one moto lacks, not prints."""

    @cache  # noqa: B019  there is one application a process
    def get_backend_for_host(self, host: str | None) -> Any:
        """Return moto's name of the service a host is for; None for no host."""
        if host is None:
            return None
        # Listing the modules stats 180 folders: not at every request.
        if host == "moto_api" or host in backends.list_of_moto_modules():
            return host
        for backend, pattern in self.backend_url_patterns:
            if pattern.match(f"http://{host}"):
                return backend
        raise NotImplementedError(host)


def changes(endpoint: str) -> list[tuple[Any, str, Any]]:
    """Return what replaces what, as (class or module, attribute, replacement), for a server at this endpoint."""
    return [
        # One loader of service models for all services: each new one lists every model there is.
        (moto_utils, "create_loader", cache(moto_utils.create_loader)),  # type: ignore[attr-defined]
        (FakeBucket, "get_permission", _no_opinion),
        (FirehoseBackend, "put_s3_records", _put_s3_records),
        (S3Backend, "put_object_lock_configuration", _put_object_lock_configuration),
        (S3Response, "put_object_retention", _guarded(S3Response.put_object_retention)),
        (S3Response, "_key_response_get", _with_retention(S3Response._key_response_get)),
        (Trail, "arn", organization.owned(Trail.arn)),  # type: ignore[arg-type]
        (Trail, "check_bucket_exists", _with_policy_check(Trail.check_bucket_exists)),
        *moto_settings.CHANGES,
        *moto_scheduler.CHANGES,
        *moto_cloudwatch.CHANGES,
        *moto_budgets.CHANGES,
        (LambdaFunction, "_get_layers_data", _with_public_layers(LambdaFunction._get_layers_data)),
        (FunctionUrlConfig, "__init__", _local_url(endpoint)),
        (FunctionUrlConfig, "to_dict", _with_qualifier),
        (LambdaResponse, "create_function_url_config", _create_function_url_config),
        (IAMBackend, "delete_policy", _unless_used(IAMBackend.delete_policy)),
    ]


def apply(endpoint: str) -> None:
    """Change moto for a server at this endpoint."""
    for owner, name, replacement in changes(endpoint):
        setattr(owner, name, replacement)


# S3


def _no_opinion(_: FakeBucket, __: str, ___: str) -> Any:
    """Leave bucket policies to `authorize.py`: moto knows neither conditions nor callers."""
    return PermissionResult.NEUTRAL


def _put_object_lock_configuration(
    self: S3Backend,
    bucket_name: str,
    lock_enabled: bool,
    mode: str | None = None,
    days: int | None = None,
    years: int | None = None,
) -> None:
    """Set a bucket's default retention, which S3 allows at any time; moto only while the bucket is empty."""
    bucket = self.get_bucket(bucket_name)
    if not bucket.is_versioned:
        raise InvalidBucketState(
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        )
    if lock_enabled:
        bucket.object_lock_enabled = True
        bucket.versioning_status = "Enabled"
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days, years


def _until(text: str | None) -> datetime:
    return datetime.fromisoformat(str(text).replace("Z", "+00:00"))


def retention_change_refused(
    key: FakeKey, mode: str | None, until: str | None, bypass_governance: bool
) -> bool:
    """Whether S3 refuses a change of retention: COMPLIANCE only ever grows, GOVERNANCE yields to a bypass."""
    if not key.lock_mode or not key.lock_until or _until(key.lock_until) <= datetime.now(UTC):
        return False
    weaker = mode is None or until is None or _until(until) < _until(key.lock_until)
    if key.lock_mode == "COMPLIANCE":
        return weaker or mode != "COMPLIANCE"
    return weaker and not bypass_governance


def _key_of(response: S3Response) -> FakeKey:
    name = response.parse_key_name()
    version = response._get_param("versionId")
    key = response.backend.get_object(response.bucket_name, name, version_id=version)
    if key is None:
        raise S3ClientError("NoSuchKey", "The specified key does not exist.")
    return key


def _guarded(stock: Callable[[S3Response], Any]) -> Callable[[S3Response], Any]:
    def put_object_retention(self: S3Response) -> Any:
        key = _key_of(self)
        mode, until = self._mode_until_from_body()
        bypass = self.headers.get("x-amz-bypass-governance-retention", "").lower() == "true"
        if retention_change_refused(key, mode, until, bypass):
            raise AccessDeniedByLock
        return stock(self)

    return put_object_retention


def _with_retention(stock: Callable[..., Any]) -> Callable[..., Any]:
    def key_response_get(self: S3Response, query: dict[str, Any], key_name: str) -> Any:
        if "retention" not in query:
            return stock(self, query, key_name)
        self.bucket_name = self.bucket_name or self.parse_bucket_name_from_url(
            self.normalized_request, self.uri
        )
        key = _key_of(self)
        if not key.lock_mode:
            message = "The specified object does not have a ObjectLock configuration"
            raise S3ClientError("NoSuchObjectLockConfiguration", message)
        until = _until(key.lock_until).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        body = (
            f"<Retention><Mode>{key.lock_mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>"
        )
        return 200, {"Content-Type": "application/xml"}, body

    return key_response_get


# Firehose

_EXPRESSION = re.compile(r"!\{([^:}]+):([^}]*)\}")
# Java's DateTimeFormatter letters that prefixes use, as strftime's.
_JAVA_DATE = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_JAVA_LETTERS = re.compile("|".join(_JAVA_DATE))


def expand_prefix(prefix: str, now: datetime) -> str:
    """Return a Firehose S3 prefix with its expressions evaluated; one without any gets AWS's default."""

    def value(found: re.Match[str]) -> str:
        if found[1] == "timestamp":
            return now.strftime(_JAVA_LETTERS.sub(lambda letters: _JAVA_DATE[letters[0]], found[2]))
        if found[1] == "firehose" and found[2] == "random-string":
            return mock_random.uuid4().hex[:11]
        raise NotImplementedError(f"Firehose prefix expression {found[0]}")

    if not _EXPRESSION.search(prefix):
        prefix += "!{timestamp:yyyy/MM/dd/HH}/"
    return _EXPRESSION.sub(value, prefix)


def _put_s3_records(
    self: FirehoseBackend,
    delivery_stream_name: str,
    version_id: str,
    s3_destination: dict[str, Any],
    records: list[dict[str, bytes]],
) -> list[dict[str, str]]:
    """Deliver at once, one object a call, named, compressed and locked as Firehose's would be."""
    now = datetime.now(UTC)
    data = b"".join(record["Data"] + _delimiter(s3_destination) for record in records)
    name = f"{delivery_stream_name}-{version_id}-{now:%Y-%m-%d-%H-%M-%S}-{mock_random.uuid4()}"
    if s3_destination.get("CompressionFormat") == "GZIP":
        data = gzip.compress(data, mtime=0)
        name += s3_destination.get("FileExtension") or ".gz"
    key = expand_prefix(s3_destination.get("Prefix") or "", now) + name
    put_object(self.account_id, s3_destination["BucketARN"].split(":::")[-1], key, data)
    return [{"RecordId": str(mock_random.uuid4())} for _ in records]


def _delimiter(s3_destination: dict[str, Any]) -> bytes:
    for processor in (s3_destination.get("ProcessingConfiguration") or {}).get("Processors", []):
        if processor.get("Type") == "AppendDelimiterToRecord":
            parameters = processor.get("Parameters") or [{"ParameterValue": "\\n"}]
            return str(parameters[0]["ParameterValue"]).replace("\\n", "\n").encode()
    return b""


def put_object(account: str, bucket_name: str, key: str, data: bytes) -> None:
    """Put an object as an AWS service does: without HTTP, under the bucket's default retention."""
    backend = s3_backends[account]["aws"]
    bucket = backend.get_bucket(bucket_name)
    locked = bucket.has_default_lock
    backend.put_object(
        bucket_name,
        key,
        data,
        lock_mode=bucket.default_lock_mode if locked else None,
        lock_until=bucket.default_retention() if locked else None,
    )


# CloudTrail


def _with_policy_check(stock: Callable[[Trail], None]) -> Callable[[Trail], None]:
    """CreateTrail and UpdateTrail refuse a bucket whose policy does not let CloudTrail write."""

    def check_bucket_exists(self: Trail) -> None:
        stock(self)
        bucket = s3_backends[self.account_id][self.partition].get_bucket(self.bucket_name)
        policy = iam.parse(bucket.policy) if bucket.policy else {}
        wanted = {
            "s3:GetBucketAcl": f"arn:aws:s3:::{self.bucket_name}",
            "s3:PutObject": f"arn:aws:s3:::{self.bucket_name}/{organization.trail_folder(self)}log",
        }
        context = {
            "aws:SourceArn": self.arn,
            "aws:SourceAccount": self.arn.split(":")[4],
            "aws:SecureTransport": "true",
            "s3:x-amz-acl": "bucket-owner-full-control",
        }
        service = iam.Principal(service="cloudtrail.amazonaws.com")
        for action, resource in wanted.items():
            if iam.evaluate([policy], iam.Request(action, resource, context), service) != "Allow":
                message = f"Incorrect S3 bucket policy is detected for bucket: {self.bucket_name}"
                raise JsonRESTError("InsufficientS3BucketPolicyException", message)

    return check_bucket_exists


# Lambda


def _with_public_layers(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Let functions name layers of other accounts, as AWS's public ones are; moto knows its own account's."""

    def get_layers_data(self: LambdaFunction, arns: list[str]) -> list[dict[str, Any]]:
        public = [arn for arn in arns if arn.split(":")[4] != self.account_id]
        own = [arn for arn in arns if arn not in public]
        return [*stock(self, own), *({"Arn": arn, "CodeSize": 0} for arn in public)]

    return get_layers_data


def _local_url(endpoint: str) -> Callable[..., None]:
    def init(self: FunctionUrlConfig, function: LambdaFunction, config: dict[str, Any]) -> None:
        self.function = function
        self.config = config
        self.url = f"{endpoint}/lambda-url/{mock_random.uuid4().hex}/"
        self.created = self.last_modified = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")

    return init


_stock_url_dict = FunctionUrlConfig.to_dict


def _with_qualifier(self: FunctionUrlConfig) -> dict[str, Any]:
    answer: dict[str, Any] = _stock_url_dict(self)
    if self.config.get("Qualifier"):
        answer["FunctionArn"] += f":{self.config['Qualifier']}"
    answer["InvokeMode"] = self.config.get("InvokeMode") or "BUFFERED"
    return answer


_stock_create_url = LambdaResponse.create_function_url_config


def _create_function_url_config(self: LambdaResponse) -> Any:
    """Keep the qualifier the URL is for, which moto drops. One URL a function."""
    qualifier = self._get_param("Qualifier")
    if qualifier:
        self.body = json.dumps({**self.json_body, "Qualifier": qualifier})
    return _stock_create_url(self)


# IAM


def _unless_used(stock: Callable[[IAMBackend, str], None]) -> Callable[[IAMBackend, str], None]:
    """DeletePolicy refuses a policy that is attached to something, or the permissions boundary of a role."""

    def delete_policy(self: IAMBackend, policy_arn: str) -> None:
        attached = self.get_policy(policy_arn).attachment_count > 0
        if attached or any(role.permissions_boundary_arn == policy_arn for role in self.roles.values()):
            raise DeleteConflictException("Cannot delete a policy attached to entities.")
        stock(self, policy_arn)

    return delete_policy
