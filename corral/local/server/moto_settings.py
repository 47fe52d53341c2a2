"""Changes to moto for settings that can be changed on AWS, but in moto only made, or changed by half.

`tests/local/server/test_moto_settings.py` asserts the stock behaviour of each beside the changed one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.models import FunctionUrlConfig, LambdaFunction
from moto.cloudtrail.models import Trail
from moto.dynamodb.responses import DynamoHandler
from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse
from moto.sqs.models import Queue


def _put_event_selectors(
    self: Trail, event_selectors: list[dict[str, Any]], advanced_event_selectors: list[dict[str, Any]]
) -> None:
    """Replace the selectors of both kinds; moto lets advanced ones stay beside basic ones."""
    self.event_selectors, self.advanced_event_selectors = event_selectors, advanced_event_selectors


def _put_insight_selectors(self: Trail, insight_selectors: list[dict[str, str]]) -> None:
    """Replace the selectors, to which moto adds."""
    self.insight_selectors = insight_selectors


def _with_more_settings(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Let settings be changed that moto takes at a function's creation only."""

    def update_configuration(self: LambdaFunction, config_updates: dict[str, Any]) -> dict[str, Any]:
        if "TracingConfig" in config_updates:
            self.tracing_config = config_updates["TracingConfig"]
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        if "KMSKeyArn" in config_updates:
            self.kms_key_arn = config_updates["KMSKeyArn"]
        updated: dict[str, Any] = stock(self, config_updates)
        return updated

    return update_configuration


def _update_url(self: FunctionUrlConfig, new_config: dict[str, Any]) -> None:
    """Set what is said, also to nothing; moto keeps the cross-origin settings then, and always the invoke mode."""
    self.config |= {key: new_config[key] for key in ("AuthType", "Cors", "InvokeMode") if key in new_config}
    self.last_modified = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _associate_kms_key(self: LogsResponse) -> str:
    """Set a log group's key, which moto takes at the group's creation only."""
    return _set_kms_key(self, self._get_param("kmsKeyId"))


def _disassociate_kms_key(self: LogsResponse) -> str:
    """Take a log group's key away."""
    return _set_kms_key(self, None)


def _set_kms_key(response: LogsResponse, key: str | None) -> str:
    name = response._get_param("logGroupName")
    if name is None:
        raise NotImplementedError("a KMS key for query results (resourceIdentifier)")
    group = response.logs_backend.groups.get(name)
    if group is None:
        raise ResourceNotFoundException
    group.kms_key_id = key
    return ""


def _keeping_policy(stock: Callable[..., None]) -> Callable[..., None]:
    """A queue's policy stays when other attributes are set; moto takes it away."""

    def set_attributes(self: Queue, attributes: dict[str, Any], now: float | None = None) -> None:
        if "Policy" not in attributes and getattr(self, "policy", None):
            attributes = {**attributes, "Policy": self.policy}
        stock(self, attributes, now)

    return set_attributes


def _with_encryption(stock: Callable[..., Any]) -> Callable[..., Any]:
    """Let UpdateTable change a table's encryption, which moto ignores."""

    def update_table(self: DynamoHandler) -> Any:
        answer = stock(self)
        if wanted := self.body.get("SSESpecification"):
            table = self.dynamodb_backend.get_table(self.body["TableName"])
            default = table._get_default_encryption_key(self.current_account, self.region)
            table.sse_specification = {"KMSMasterKeyId": default, **wanted}
        return answer

    return update_table


CHANGES: list[tuple[Any, str, Any]] = [
    (Trail, "put_event_selectors", _put_event_selectors),
    (Trail, "put_insight_selectors", _put_insight_selectors),
    (LambdaFunction, "update_configuration", _with_more_settings(LambdaFunction.update_configuration)),
    (FunctionUrlConfig, "update", _update_url),
    (LogsResponse, "associate_kms_key", _associate_kms_key),
    (LogsResponse, "disassociate_kms_key", _disassociate_kms_key),
    (Queue, "_set_attributes", _keeping_policy(Queue._set_attributes)),
    (DynamoHandler, "update_table", _with_encryption(DynamoHandler.update_table)),
]
