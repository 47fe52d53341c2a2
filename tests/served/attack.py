"""What an attack needs: somebody's keys, a way to ask as them, and what was recorded since."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from corral.local.session import Endpoint, Session

_http = urllib3.PoolManager(retries=False)
ONCE = Config(retries={"total_max_attempts": 1})  # a refusal stays one; asking again only takes time


@dataclass
class Target:
    """The platform under attack, as its tests' fixtures know it."""

    served: dict[str, Any]
    outputs: dict[str, dict[str, Any]]
    admin: boto3.Session
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        keys = self.served["admin"]
        self.session = Session(
            Endpoint(
                *(self.served[name] for name in ("endpoint", "region", "account")),
                *(keys[name] for name in ("access_key_id", "secret_access_key")),
            )
        )

    @property
    def platform(self) -> dict[str, Any]:
        return self.outputs[""]

    @property
    def teams(self) -> list[str]:
        return [name for name in self.outputs if name]

    def operator(self, team: str, session_name: str = "attacker") -> Credentials:
        return self.session.credentials_for(self.outputs[team]["operator_role_arn"], session_name)

    def agent(self, team: str, name: str) -> dict[str, Any]:
        return dict(self.outputs[team]["agents"][name])

    def agent_keys(self, team: str, name: str) -> Credentials:
        return self.session.credentials_for(self.agent(team, name)["role_arn"], "attacker")

    def roles(self) -> list[str]:
        """Every role that the kit has made."""
        pages = self.admin.client("iam").get_paginator("list_roles").paginate(PathPrefix="/corral/")
        return [role["Arn"] for page in pages for role in page["Roles"]]

    def client(self, service: str, keys: Credentials) -> Any:
        return boto3.client(
            service,
            region_name=self.served["region"],
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.token,
            config=ONCE,
        )

    def role_client(self, service: str, role_arn: str) -> Any:
        return self.client(service, self.session.credentials_for(role_arn, "attacker"))

    def http(
        self, keys: Credentials, service: str, url: str, body: bytes, method: str = "POST"
    ) -> "Answered":
        """Send a signed request."""
        return send(self.signed(keys, service, url, body, method))

    def signed(
        self, keys: Credentials, service: str, url: str, body: bytes, method: str = "POST"
    ) -> AWSRequest:
        request = AWSRequest(method, url, data=body, headers={"Content-Type": "application/json"})
        SigV4Auth(keys, service, self.served["region"]).add_auth(request)
        return request

    def front_door(self, team: str, path: str = "v1/agents/helpdesk/messages") -> str:
        return f"{self.outputs[team]['front_door_url'].rstrip('/')}/{path}"

    def tool_call(self, keys: Credentials, tool: str, arguments: Any) -> dict[str, Any]:
        """Call a tool at the gateway as somebody; the JSON-RPC answer."""
        call = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": tool, "arguments": arguments},
        }
        answered = self.http(keys, "bedrock-agentcore", self.served["gateway_url"], json.dumps(call).encode())
        return dict(json.loads(answered.data))

    def logged(self, function: str) -> list[dict[str, Any]]:
        """What a function has logged, as it wrote it."""
        lines = self.session.log_lines(f"/aws/lambda/{function}")
        return [json.loads(line) for line in lines if line.lstrip().startswith("{")]


@dataclass(frozen=True)
class Answered:
    """An HTTP answer."""

    status: int
    data: bytes


def send(request: AWSRequest) -> Answered:
    """Send a request as it is: most clients would tidy dots and slashes away before they send a path."""
    parts = urlsplit(request.url)
    connection = HTTPConnection(parts.netloc, timeout=60)
    try:
        path = request.url.partition(parts.netloc)[2]
        connection.request(request.method, path, request.data, dict(request.headers))
        answer = connection.getresponse()
        return Answered(answer.status, answer.read())
    finally:
        connection.close()


class Watch:
    """What has been recorded since it was made."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._since = datetime.now(UTC)

    def trail(self, event: str | None = None, error: str = "", actor: str = "") -> list[dict[str, Any]]:
        """Records CloudTrail has selected: of an event, with an error, by somebody whose ARN holds `actor`."""
        said = _http.request(
            "GET", f"{self._target.served['endpoint']}/_corral/trail?since={self._since.timestamp()}"
        )
        return [
            record
            for record in json.loads(said.data)
            if event in (None, record["eventName"])
            and error in record.get("errorCode", "")
            and actor in record["userIdentity"]["arn"]
        ]

    def decisions(self) -> list[dict[str, Any]]:
        """Decision records that have reached the audit bucket, oldest first."""
        self._target.session.flush()
        found = list(self._lines())
        return sorted(
            (r for r in found if datetime.fromisoformat(r["time"]) >= self._since), key=lambda r: r["time"]
        )

    def _lines(self) -> Iterator[dict[str, Any]]:
        s3, bucket = self._target.admin.client("s3"), self._target.platform["audit_bucket"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="decisions/"):
            for item in page.get("Contents", []):
                if item["LastModified"] >= self._since - timedelta(seconds=2):
                    text = gzip.decompress(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
                    yield from map(json.loads, text.decode().splitlines())


def refusal(call: Callable[[], Any]) -> str:
    """The code a call is refused with; an assertion fails when it is not refused."""
    try:
        answer = call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    raise AssertionError(f"not refused: {answer}")
