"""EventBridge: hands what happens to the rules of the default bus that are enabled and match it.

What happens is what CloudTrail records, and alarms that change their state. Matching is moto's, but for lists of
objects, of which moto knows nothing. Delivery is ours: to topics, queues and functions, as the policies of target and
key allow, with an input transformer's words; what cannot be delivered goes to the target's dead letters, after one
try. Events reach rules at once, and those alone: AWS takes seconds to minutes.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any, cast

from jsonpath_ng.ext.parser import parse
from moto.awslambda.exceptions import UnknownFunctionException
from moto.events.models import EventPattern, Rule, events_backends
from moto.kms.models import kms_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from corral.local.server import iam
from corral.local.server.core import LocalAws
from corral.local.server.functions.events import RETRIES
from corral.local.server.functions.executor import Functions
from corral.local.server.functions.resolve import async_retries, resource_policy

_LOG = logging.getLogger(__name__)
_SERVICE = "events.amazonaws.com"
# EventBridge takes no others from CloudTrail into account: docs.aws.amazon.com/eventbridge, "eb-ct-api-tutorial".
_NOT_SENT = ("Get", "List", "Describe")
_PART = re.compile(r'"(?:[^"\\]|\\.)*"|<([^<>]+)>')
_VARIABLE = re.compile(r"<([^<>]+)>")
_KEY_USE = ("kms:Decrypt", "kms:GenerateDataKey")


class UndeliveredError(Exception):
    """A target did not take an event. `code` is EventBridge's for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def send(aws: LocalAws, record: Mapping[str, Any]) -> None:
    """Hand a record of CloudTrail to the rules. Hold moto's lock."""
    if record["eventName"].startswith(_NOT_SENT):
        return
    source = f"aws.{record['eventSource'].partition('.')[0]}"
    head = {"id": record["eventID"], "time": record["eventTime"], "source": source, "resources": []}
    happened(aws, {**head, "detail-type": "AWS API Call via CloudTrail", "detail": dict(record)})


def happened(aws: LocalAws, told: Mapping[str, Any]) -> None:
    """Hand an event to the rules, whatever is not said of it filled in. Hold moto's lock."""
    rules = events_backends[aws.account][aws.region].event_buses["default"].rules
    if not rules:
        return
    event = {"version": "0", "account": aws.account, "region": aws.region, **told}
    views = [EventPattern._flatten_dict(each) for each in _without_lists(event)]
    for rule in list(rules.values()):
        if rule.state.startswith("ENABLED") and any(_matches(rule.event_pattern, view) for view in views):
            for target in list(rule.targets):
                _deliver(aws, rule, target, event)


def matches(pattern: str, event: Mapping[str, Any]) -> bool:
    """Whether an event pattern fits an event."""
    loaded = EventPattern.load(pattern)
    return any(_matches(loaded, EventPattern._flatten_dict(each)) for each in _without_lists(event))


def _matches(pattern: EventPattern, view: dict[str, Any]) -> bool:
    # A rule without a pattern is for a schedule.
    asked = pattern.get_pattern()
    return bool(asked) and pattern._does_event_match(view, asked)


def _without_lists(value: Any) -> Iterator[Any]:
    """Every way to take one object of each list of objects: what a pattern asks of one, one of them must have."""
    if isinstance(value, Mapping):
        keys = list(value)
        for chosen in product(*(list(_without_lists(value[key])) for key in keys)):
            yield dict(zip(keys, chosen, strict=True))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        for each in value:
            yield from _without_lists(each)
    else:
        yield value


def _deliver(aws: LocalAws, rule: Rule, target: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    try:
        _put(aws, rule.arn, target["Arn"], _words(target, event), {})
    except UndeliveredError as error:
        letters = target.get("DeadLetterConfig", {}).get("Arn")
        _LOG.warning("rule %s could not send to %s: %s", rule.name, target["Arn"], error)
        if letters is None:
            return
        said = {
            "RULE_ARN": rule.arn,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": str(error),
        }
        try:
            _put(aws, rule.arn, letters, json.dumps(event), said)
        except UndeliveredError as lost:
            _LOG.warning("nor could it to its dead letters: %s", lost)


def _words(target: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """What a target gets: its own input, what its transformer makes of the event, or the event."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return _text(_at(target["InputPath"], event))
    transformer = target.get("InputTransformer")
    if transformer is None:
        return json.dumps(event)
    values = {
        name: value
        for name, path in (transformer.get("InputPathsMap") or {}).items()
        if (value := _at(path, event)) is not None
    }
    values["aws.events.event.json"] = event
    template = str(transformer["InputTemplate"])
    if not template.lstrip().startswith("{"):
        return _filled(template, values)
    return _PART.sub(
        lambda part: _filled(part[0], values) if part[1] is None else json.dumps(values.get(part[1], "")),
        template,
    )


def _filled(text: str, values: Mapping[str, Any]) -> str:
    """A text with its variables filled in. Of one that the event does not have, nothing is written."""
    return _VARIABLE.sub(lambda found: _text(values.get(found[1], "")), text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


_path = cache(parse)


def _at(path: str, event: Mapping[str, Any]) -> Any:
    found = _path(path).find(event)
    return found[0].value if found else None


def _put(aws: LocalAws, rule_arn: str, arn: str, message: str, said: Mapping[str, str]) -> None:
    """Give a topic or a queue a message. Raises UndeliveredError."""
    service, name = arn.split(":")[2], arn.rpartition(":")[2]
    if service == "sns":
        topic = sns_backends[aws.account][aws.region].topics.get(arn)
        if topic is None:
            raise UndeliveredError("RESOURCE_NOT_FOUND", f"there is no topic {arn}")
        _check(aws, rule_arn, "sns:Publish", arn, topic.policy, topic.kms_master_key_id)
        topic.publish(message)
    elif service == "sqs":
        backend = sqs_backends[aws.account][aws.region]
        queue = backend.queues.get(name)
        if queue is None:
            raise UndeliveredError("RESOURCE_NOT_FOUND", f"there is no queue {arn}")
        _check(aws, rule_arn, "sqs:SendMessage", arn, queue.policy, queue.kms_master_key_id)  # type: ignore[attr-defined]
        attributes = {key: {"DataType": "String", "StringValue": value} for key, value in said.items()}
        backend.send_message(name, message, message_attributes=attributes)
    elif service == "lambda":
        function, _, qualifier = arn.partition(":function:")[2].partition(":")
        try:
            policy = resource_policy(aws, function)
        except UnknownFunctionException:
            raise UndeliveredError("RESOURCE_NOT_FOUND", f"there is no function {arn}") from None
        _check(aws, rule_arn, "lambda:InvokeFunction", arn, policy, None)
        # As Lambda runs what nobody waits for: later, and again if it fails.
        functions = cast(Functions, aws.functions)
        retries = async_retries(aws, function, RETRIES)
        functions.events.put(function, qualifier or None, message.encode(), retries)
    else:
        raise UndeliveredError("NOT_PART_OF_THE_LOCAL_AWS", "rules send to topics, queues and functions only")


def _check(aws: LocalAws, rule_arn: str, action: str, arn: str, policy: str | None, key: str | None) -> None:
    """Ask the policies of a target, and of the key it is encrypted with, whether a rule may send there."""
    context = {
        "aws:SourceArn": rule_arn,
        "aws:SourceAccount": aws.account,
        "aws:SecureTransport": "true",
    }
    principal = iam.Principal(service=_SERVICE)
    documents = [iam.parse(policy)] if policy else []
    if iam.evaluate(documents, iam.Request(action, arn, context), principal) != "Allow":
        raise UndeliveredError("NO_PERMISSIONS", f"the policy of {arn} does not let {rule_arn} {action}")
    if not key:
        return
    backend = kms_backends[aws.account][aws.region]
    found = backend.keys.get(backend.any_id_to_key_id(key))
    allowed = [iam.parse(found.policy)] if found is not None else []
    for use in _KEY_USE:
        if iam.evaluate(allowed, iam.Request(use, found.arn if found else key, {}), principal) != "Allow":
            raise UndeliveredError("NO_PERMISSIONS", f"the key policy of {key} does not let {_SERVICE} {use}")
