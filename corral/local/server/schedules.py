"""Runs a schedule now, as EventBridge Scheduler would at its time: the local AWS has no clock that does.

One try, whose answer is returned: neither the retries nor the dead letters of Scheduler and Lambda are played.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.scheduler.models import Schedule, scheduler_backends

from corral.local.server.authorize import assumable
from corral.local.server.core import AwsError, Invocation, LocalAws, not_implemented
from corral.local.server.functions.service import invoke_as

_SERVICE = "scheduler.amazonaws.com"
_ATTRIBUTE = re.compile(r"<aws\.scheduler\.(schedule-arn|scheduled-time|execution-id|attempt-number)>")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def run(aws: LocalAws, wanted: dict[str, Any]) -> dict[str, Any]:
    """Run the schedule that is `{"schedule": "group/name"}`, as of `scheduled_time` or of now.

    Raises AwsError: 404 for no such schedule, 403 for what its role may not do, 502 for a function that failed.
    """
    name, time = wanted.get("schedule"), wanted.get("scheduled_time", _now())
    if wanted.keys() - {"schedule", "scheduled_time"} or not isinstance(name, str):
        raise AwsError("BadRequest", 'the body is {"schedule": "group/name", "scheduled_time": "..."?}')
    if not isinstance(time, str) or not _TIME.fullmatch(time):
        raise AwsError("BadRequest", f"scheduled_time is like 2026-01-31T08:00:00Z, not {time!r}")
    schedule = _find(aws, name)
    target = schedule.target
    if not target["Arn"].startswith("arn:aws:lambda:"):
        raise not_implemented("scheduler", f"target {target['Arn']}")
    execution = str(uuid.uuid4())
    attributes = {
        "schedule-arn": schedule.arn,
        "scheduled-time": time,
        "execution-id": execution,
        "attempt-number": "1",
    }
    sent = _ATTRIBUTE.sub(lambda found: attributes[found[1]], target.get("Input") or "{}")
    role = _role(aws, schedule, execution)
    done = invoke_as(aws, role, target["Arn"], sent.encode(), service=_SERVICE)
    return {"schedule": schedule.arn, "scheduled_time": time, "answer": _answer(done)}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _find(aws: LocalAws, wanted: str) -> Schedule:
    group, _, name = wanted.rpartition("/")
    with aws.moto_lock:
        try:
            schedule: Schedule = scheduler_backends[aws.account][aws.region].get_schedule(group or None, name)
        except JsonRESTError as error:
            raise AwsError("ResourceNotFoundException", str(error.message), 404) from None
    if schedule.state != "ENABLED":
        raise AwsError("ConflictException", f"Schedule {wanted} is {schedule.state}: it never runs.", 409)
    return schedule


def _role(aws: LocalAws, schedule: Schedule, session: str) -> Any:
    """Take the schedule's role, if its trust policy lets Scheduler do so for a schedule of this group."""
    arn = schedule.target["RoleArn"]
    group = f"arn:aws:scheduler:{aws.region}:{aws.account}:schedule-group/{schedule.group_name}"
    if not assumable(aws, arn, _SERVICE, group):
        raise AwsError("AccessDeniedException", f"{_SERVICE} may not assume {arn} for {group}", 403)
    return aws.assume_role(arn, session).caller


def _answer(done: Invocation) -> Any:
    said = json.loads(done.payload or b"null")
    if done.error is not None:
        why = f"{said.get('errorType', done.error)}: {said.get('errorMessage', '')}"
        raise AwsError("FunctionError", why, 502)
    return said
