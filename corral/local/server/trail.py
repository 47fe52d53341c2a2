"""CloudTrail: records the calls that a trail selects and delivers them to its bucket as AWS does.

Files are gzip JSON under AWS's key layout, under the bucket's default Object Lock retention. Not done: digest
files, CloudWatch Logs, LookupEvents (which answers 501), and the minutes AWS takes: delivery is every second.
"""

from __future__ import annotations

import gzip
import json
import logging
import secrets
import string
import threading
import time
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.models import Trail, cloudtrail_backends

from corral.local.server import event_rules, organization
from corral.local.server.core import AwsError, Call, LocalAws
from corral.local.server.moto_changes import put_object
from corral.local.server.trail_record import build
from corral.local.server.trail_select import selects

_LOG = logging.getLogger(__name__)
_SECONDS = 1.0
_UNIQUE = string.ascii_letters + string.digits


class CloudTrail:
    """core.Trail of one local AWS, over the trails in moto's CloudTrail backend."""

    def __init__(self, aws: LocalAws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._delivering = threading.Lock()  # who asks for a delivery also waits for one that is under way
        self._events: list[tuple[float, dict[str, Any]]] = []
        # Records not yet delivered, by the ARN of the trail that selected them.
        self._pending: dict[str, list[dict[str, Any]]] = {}
        self._stopping = threading.Event()
        self._flusher = threading.Thread(target=self._flush_often, name="cloudtrail", daemon=True)
        self._flusher.start()

    def record(self, call: Call, error: AwsError | None = None) -> None:
        """Record one finished call. A fault here is logged: on AWS, too, the call is over by then."""
        try:
            with self._aws.moto_lock:
                trails = self._logging_trails()
                if not trails:
                    return
                record = build(call, error)
                if record is None:
                    return
                chosen = [trail.arn for trail in trails if selects(trail, record)]
                if chosen:
                    event_rules.send(self._aws, record)
        except Exception:
            _LOG.exception("no trail record for %s:%s", call.service, call.operation)
            return
        if chosen:
            with self._lock:
                self._events.append((time.time(), record))
                for arn in chosen:
                    self._pending.setdefault(arn, []).append(record)

    def flush(self) -> None:
        """Deliver now what has been recorded."""
        with self._delivering:
            with self._lock:
                pending, self._pending = self._pending, {}
            if not pending:
                return
            with self._aws.moto_lock:
                trails = {trail.arn: trail for trail in self._logging_trails()}
                for arn, records in pending.items():
                    if arn in trails:
                        self._deliver(trails[arn], records)

    def events(self, since: float = 0.0) -> list[dict[str, Any]]:
        """Return the selected records made after an epoch time, oldest first."""
        with self._lock:
            return [record for at, record in self._events if at > since]

    def close(self) -> None:
        """Deliver what is left and stop."""
        self._stopping.set()
        self._flusher.join()
        self.flush()

    def _flush_often(self) -> None:
        while not self._stopping.wait(_SECONDS):
            try:
                self.flush()
            except Exception:
                _LOG.exception("trail records could not be delivered")

    def _logging_trails(self) -> list[Trail]:
        backend = cloudtrail_backends[self._aws.account][self._aws.region]
        return [trail for trail in list(backend.trails.values()) if trail.status.is_logging]

    def _deliver(self, trail: Trail, records: list[dict[str, Any]]) -> None:
        account, region, now = self._aws.account, self._aws.region, datetime.now(UTC)
        unique = "".join(secrets.choice(_UNIQUE) for _ in range(16))
        key = (
            f"{organization.trail_folder(trail)}CloudTrail/{region}/{now:%Y/%m/%d}/"
            f"{account}_CloudTrail_{region}_{now:%Y%m%dT%H%MZ}_{unique}.json.gz"
        )
        body = gzip.compress(json.dumps({"Records": records}).encode())
        put_object(account, trail.bucket_name, key, body)
