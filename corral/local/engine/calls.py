"""The one place that calls AWS: cached clients, parameters checked before sending, errors that say why."""

import os
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from corral.local.engine.model import Credentials, EngineError
from corral.local.engine.parameters import problems

_MAX_PROBLEMS = 10


def forget_own_aws() -> None:
    """Keep a person's own AWS profile out of this process: a missing one stops every call, even with credentials."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


class Calls:
    """Calls to one endpoint. Not thread-safe: the engine makes its calls from one thread."""

    def __init__(self, endpoint: str, credentials: Credentials, region: str, account: str) -> None:
        self.endpoint = endpoint
        self.region = region
        self.account = account
        self.partition = _partition(region)
        self._session = boto3.Session(
            aws_access_key_id=credentials.access_key_id,
            aws_secret_access_key=credentials.secret_access_key,
            aws_session_token=credentials.session_token,
            region_name=region,
        )
        self._config = Config(
            retries={"total_max_attempts": 1},
            proxies={},
            inject_host_prefix=False,
            s3={"addressing_style": "path"},
            max_pool_connections=1,
        )
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return the service's client, made once."""
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service, endpoint_url=self.endpoint, config=self._config
            )
        return self._clients[service]

    def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make one call: `calls("iam", "create_role", RoleName=...)`. Parameters that are None are left out.

        Raises EngineError: with every parameter AWS would refuse, or with the code and message AWS answered.
        """
        client = self.client(service)
        api_name = client.meta.method_to_api_mapping[operation]
        sent = {key: value for key, value in parameters.items() if value is not None}
        shape = client.meta.service_model.operation_model(api_name).input_shape
        if shape is not None and (found := list(problems(shape, sent))):
            more = f" (and {len(found) - _MAX_PROBLEMS} more)" if len(found) > _MAX_PROBLEMS else ""
            raise EngineError(f"{service} {api_name} would refuse {'; '.join(found[:_MAX_PROBLEMS])}{more}")
        try:
            answer: dict[str, Any] = getattr(client, operation)(**sent)
        except ClientError as error:
            detail = error.response.get("Error", {})
            raise EngineError(
                f"{service} {api_name}: {detail.get('Code', '?')}: {detail.get('Message', '')}".rstrip(": ")
            ) from error
        except BotoCoreError as error:
            raise EngineError(f"{service} {api_name}: {error}") from error
        return answer

    def arn(
        self, service: str, resource: str, *, region: str | None = None, account: str | None = None
    ) -> str:
        """Build an ARN of this account and region; pass "" for a service that has none in its ARNs."""
        return ":".join(
            (
                "arn",
                self.partition,
                service,
                self.region if region is None else region,
                self.account if account is None else account,
                resource,
            )
        )


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
