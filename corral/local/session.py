"""A running local AWS, seen from the command line: start it, find it, borrow credentials, read its trail."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import urllib3
from botocore.config import Config
from botocore.credentials import Credentials

STATE_FOLDER = ".corral"
_START_SECONDS = 60


class LocalAwsError(Exception):
    """The local AWS did not start, or is not there. The text is for a person."""


@dataclass(frozen=True)
class Endpoint:
    """Where a local AWS listens, and the administrator's credentials there."""

    endpoint: str
    region: str
    account: str
    access_key_id: str
    secret_access_key: str

    @property
    def administrator(self) -> Credentials:
        """Credentials that may do everything, as an account owner's."""
        return Credentials(self.access_key_id, self.secret_access_key)


@dataclass
class Session:
    """One local AWS. As a context manager it stops the server it started."""

    at: Endpoint
    process: "subprocess.Popen[str] | None" = None
    _http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False, maxsize=8))

    @classmethod
    def start(
        cls, account: str, region: str, log: Path, port: int = 0, member_of: tuple[str, str] | None = None
    ) -> Self:
        """Start a server with a clean account; port 0 takes a free one, faults go to `log`. Raises LocalAwsError.

        `member_of` is the id and the management account of an organization.
        """
        log.parent.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "corral.local.server", "--port", str(port), "--account", account]
        if member_of is not None:
            command += ["--organization", ":".join(member_of)]
        with log.open("w") as faults:
            process = subprocess.Popen(
                [*command, "--region", region, "--watch-stdin"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=faults,
                text=True,
                env=_clean_environment(),
                start_new_session=True,  # Ctrl-C goes to the command line alone, which then stops the server in order
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            process.wait(timeout=_START_SECONDS)
            said = log.read_text().strip().splitlines()
            raise LocalAwsError(said[-1] if said else "the local AWS stopped before it was ready")
        ready = json.loads(line)
        admin = ready["admin"]
        at = Endpoint(
            ready["endpoint"],
            ready["region"],
            ready["account"],
            admin["access_key_id"],
            admin["secret_access_key"],
        )
        return cls(at, process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the server, if this session started it; it delivers what it holds before it goes."""
        if self.process is None:
            return
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def credentials_for(self, role_arn: str, session_name: str) -> Credentials:
        """Credentials of a role, as an identity provider of the account would hand them to a person."""
        said = self._admin("POST", "credentials", {"role_arn": role_arn, "session_name": session_name})
        return Credentials(said["access_key_id"], said["secret_access_key"], said["session_token"])

    def put_scripts(self, scripts: Mapping[str, Any]) -> None:
        """Tell the scripted model what to do, by inference profile ARN."""
        self._admin("PUT", "scripts", dict(scripts))

    def flush(self) -> None:
        """Deliver trail records and decision records that are still held."""
        self._admin("POST", "flush", {})

    def trail(self) -> list[dict[str, Any]]:
        """Every CloudTrail record delivered so far, oldest first."""
        records: list[dict[str, Any]] = self._admin("GET", "trail")
        return records

    def notifications(self, topic_arn: str) -> list[str]:
        """What has been published to a topic so far, oldest first."""
        messages: list[str] = self._admin("GET", f"notifications?topic={topic_arn}")
        return messages

    def run_schedule(self, arn: str) -> dict[str, Any]:
        """Run a schedule now, as Scheduler would; its function's answer. Raises LocalAwsError when it fails."""
        said = self._admin("POST", "schedules", {"schedule": arn.partition(":schedule/")[2]})
        answer: dict[str, Any] = said["answer"]
        return answer

    def conversation(self, session_id: str) -> list[dict[str, Any]]:
        """The messages of an agent's session as its memory has them, oldest first: tool calls and results too."""
        messages: list[dict[str, Any]] = self._admin("GET", f"conversation?session={session_id}")
        return messages

    def client(self, service: str) -> Any:
        """A client of one of its services, as the administrator."""
        import boto3  # takes a while, and is rarely needed

        return boto3.client(
            service,
            region_name=self.at.region,
            endpoint_url=self.at.endpoint,
            aws_access_key_id=self.at.access_key_id,
            aws_secret_access_key=self.at.secret_access_key,
            config=Config(inject_host_prefix=False),
        )

    def log_lines(self, group: str) -> list[str]:
        """What is in a log group, oldest first; nothing when there is no such group."""
        logs = self.client("logs")
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            return [event["message"] for page in pages for event in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []

    def _admin(self, method: str, path: str, body: Any = None) -> Any:
        try:
            response = self._http.request(
                method,
                f"{self.at.endpoint}/_corral/{path}",
                body=None if body is None else json.dumps(body).encode(),
                headers={"Content-Type": "application/json"},
            )
        except urllib3.exceptions.HTTPError:
            raise LocalAwsError(f"the local AWS at {self.at.endpoint} does not answer") from None
        if response.status >= 300:
            raise LocalAwsError(
                f"the local AWS refused {method} {path}: {response.data.decode(errors='replace')}"
            )
        return json.loads(response.data) if response.data else None


def _clean_environment() -> dict[str, str]:
    """The server sees no AWS settings of the person who starts it: it can reach no real account."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MOTO_"))}


@dataclass(frozen=True)
class Deployed:
    """A platform that is up on a served local AWS: what other commands need to find it."""

    at: Endpoint
    process_id: int
    outputs: dict[str, dict[str, Any]]

    def save(self, root: Path, environment: str) -> Path:
        """Write it down where `find` looks. The file holds local credentials only; it is private all the same."""
        path = _state_file(root, environment)
        path.parent.mkdir(exist_ok=True)
        private = path.with_name(
            f"{path.name}.{self.process_id}"
        )  # renamed when whole: nobody reads half a file
        private.unlink(missing_ok=True)
        private.touch(mode=0o600)
        private.write_text(json.dumps(asdict(self)))
        private.replace(path)
        return path


def _state_file(root: Path, environment: str) -> Path:
    return root / STATE_FOLDER / f"{environment}.json"


def find(root: Path, environment: str) -> Deployed | None:
    """The served local AWS of this project and environment, if one is up."""
    path = _state_file(root, environment)
    try:
        deployed = _read(path)
        os.kill(deployed.process_id, 0)  # another server may have the port of one that was killed
        Session(deployed.at)._admin("GET", "health")
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OSError, LocalAwsError):
        path.unlink(missing_ok=True)  # left behind by a run that was killed
        return None
    return deployed


def served_since(root: Path, environment: str) -> float:
    """When what `find` finds was written down, as a file's time. Raises FileNotFoundError when nothing was."""
    return _state_file(root, environment).stat().st_mtime


def forget(root: Path, environment: str, process_id: int) -> None:
    """Remove what `save` wrote for this process; another one's is left alone."""
    path = _state_file(root, environment)
    with suppress(OSError, ValueError, KeyError, TypeError):
        if _read(path).process_id == process_id:
            path.unlink()


def _read(path: Path) -> Deployed:
    said = json.loads(path.read_text())
    return Deployed(Endpoint(**said["at"]), said["process_id"], said["outputs"])
