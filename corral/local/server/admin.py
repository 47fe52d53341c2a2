"""The doors only the local AWS has, under `/_corral/`: they stand in for people and models outside AWS.

They need no signature: the server listens on the loopback interface only.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.sns.models import sns_backends

from corral.local.server import alarms, schedules
from corral.local.server.agentcore import evaluations
from corral.local.server.agentcore.conversation import conversation
from corral.local.server.core import AwsError, HttpRequest, LocalAws
from corral.local.server.faults import Faults
from corral.local.server.wire import Response

PREFIX = "/_corral/"
_Action = Callable[[LocalAws, HttpRequest], Any]

# A web page that had a name of its own resolve to this machine would send that name.
_LOOPBACK = ("127.0.0.1", "localhost")


def handle(aws: LocalAws, faults: Faults, http: HttpRequest) -> Response:
    """Answer one admin request with JSON."""
    if http.headers.get("host", "").rpartition(":")[0] not in _LOOPBACK:
        return _json(403, {"error": "the local AWS is administered by its loopback address only"})
    name = http.path[len(PREFIX) :].strip("/")
    actions: dict[tuple[str, str], _Action] = {
        **_ACTIONS,
        ("PUT", "faults"): lambda _, asked: {"left": faults.order(_body(asked).get("faults"))},
        ("GET", "faults"): lambda _, asked: {"left": faults.left()},
    }
    action = actions.get((http.method, name))
    if action is None:
        known = ", ".join(f"{method} {PREFIX}{path}" for method, path in sorted(actions))
        return _json(404, {"error": f"no {http.method} {http.path}; there are {known}"})
    try:
        return _json(200, action(aws, http))
    except AwsError as error:
        return _json(error.status, {"error": error.message, "code": error.code})


def _json(status: int, content: Any) -> Response:
    return status, {"Content-Type": "application/json"}, [json.dumps(content).encode()]


def _body(http: HttpRequest) -> dict[str, Any]:
    try:
        content = json.loads(http.body or b"{}")
    except ValueError as fault:
        raise AwsError("BadRequest", f"the body is not JSON: {fault}") from None
    if not isinstance(content, dict):
        raise AwsError("BadRequest", "the body must be a JSON object")
    return content


def _scripts(aws: LocalAws, http: HttpRequest) -> Any:
    """Set what the scripted model does, by inference profile ARN; profiles not named keep their script."""
    scripts = _body(http)
    aws.model_scripts.update(scripts)
    return {"scripts": len(scripts)}


def _flush(aws: LocalAws, _: HttpRequest) -> Any:
    """Deliver what the trail holds. Firehose holds nothing here: it delivers each record at once."""
    aws.trail.flush()
    return {}


def _schedule(aws: LocalAws, http: HttpRequest) -> Any:
    """Run a schedule now."""
    return schedules.run(aws, _body(http))


def _alarms(aws: LocalAws, http: HttpRequest) -> Any:
    """Evaluate all alarms as of `{"time": ...}` or now."""
    said = _body(http).get("time")
    try:
        at = datetime.now(UTC).timestamp() if said is None else datetime.fromisoformat(said).timestamp()
    except (TypeError, ValueError):
        raise AwsError("BadRequest", f"time is like 2026-01-31T08:00:00Z, not {said!r}") from None
    return alarms.evaluate(aws, at)


def _evaluations(aws: LocalAws, _: HttpRequest) -> Any:
    """Evaluate by code what agents did since the last time."""
    return evaluations.evaluate(aws)


def _credentials(aws: LocalAws, http: HttpRequest) -> Any:
    """Hand out a role's keys as an identity provider would: it knows its people and asks no trust policy."""
    wanted = _body(http)
    try:
        role_arn, session_name = str(wanted["role_arn"]), str(wanted["session_name"])
    except KeyError as missing:
        raise AwsError("BadRequest", f"the body needs {missing}") from None
    keys = aws.assume_role(role_arn, session_name)
    return {
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key,
        "session_token": keys.session_token,
    }


def _trail(aws: LocalAws, http: HttpRequest) -> Any:
    """Return what the trail selected since an epoch time, delivered or not."""
    try:
        since = float(http.query.get("since") or 0)
    except ValueError:
        raise AwsError("BadRequest", "since must be an epoch time in seconds") from None
    return aws.trail.events(since)


def _notifications(aws: LocalAws, http: HttpRequest) -> Any:
    """Return what has been published to a topic, oldest first: nobody is sent an email here."""
    arn = http.query.get("topic", "")
    with aws.moto_lock:
        topic = sns_backends[aws.account][aws.region].topics.get(arn)
        if topic is None:
            raise AwsError("NotFound", f"there is no topic {arn!r}: topic must be the ARN of one", 404)
        return [sent[1] for sent in topic.sent_notifications]


def _conversation(aws: LocalAws, http: HttpRequest) -> Any:
    """Return the messages of an agent's session that are kept in a memory, oldest first."""
    return conversation(aws, http.query.get("session", ""))


def _health(aws: LocalAws, _: HttpRequest) -> Any:
    return {"status": "ready", "account": aws.account, "region": aws.region}


_ACTIONS: dict[tuple[str, str], _Action] = {
    ("PUT", "scripts"): _scripts,
    ("POST", "flush"): _flush,
    ("POST", "credentials"): _credentials,
    ("POST", "schedules"): _schedule,
    ("POST", "alarms"): _alarms,
    ("POST", "evaluations"): _evaluations,
    ("GET", "trail"): _trail,
    ("GET", "notifications"): _notifications,
    ("GET", "conversation"): _conversation,
    ("GET", "health"): _health,
}
