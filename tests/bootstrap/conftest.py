"""A project whose account was bootstrapped, and a local AWS on which its platform was deployed by its own deployer."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from corral.bootstrap.options import Federation, Options, federation, options
from corral.bootstrap.render import rendered
from corral.local.session import Session
from corral.spec.load import Environment, load_environment
from tests.bootstrap.account import Template, deploy

ROOT = Path(__file__).parents[2]
ACCOUNT, REGION = "111122223333", "us-east-1"
OWNER = f"arn:aws:iam::{ACCOUNT}:user/owner"


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that deploy on one worker: the account is bootstrapped once."""
    for item in items:
        if Path(__file__).parent in item.path.parents and "bootstrapped" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("bootstrap"))


@pytest.fixture(scope="session")
def dev() -> Environment:
    return load_environment(ROOT / "stacks/dev")


@pytest.fixture(scope="session")
def github() -> Federation:
    found = federation("dev", "acme/agents", None, None, None)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def all_options(dev: Environment, github: Federation) -> Options:
    return options(dev, github, break_glass=[OWNER], deployers=[OWNER], team_deployers=[f"support={OWNER}"])


@pytest.fixture(scope="session")
def template(all_options: Options) -> Template:
    return Template.of(rendered(ROOT, all_options), ACCOUNT, REGION)


@dataclass
class Bootstrapped:
    """The account, its deployers by logical name, and the platform's outputs once it is deployed."""

    session: Session
    roles: dict[str, str]
    project: Path
    outputs: dict[str, Any]

    def keys(self, role: str) -> list[str]:
        made = self.session.credentials_for(self.roles[role], "pipeline")
        assert made.token is not None
        return [made.access_key, made.secret_key, made.token]

    def client(self, role: str, service: str) -> Any:
        """A client that signs as a deployer."""
        key, secret, token = self.keys(role)
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.session.at.endpoint,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
        )

    def deploy(self, role: str, stack: str) -> dict[str, Any]:
        """Deploy one stack as a deployer. What failed is in `errors`."""
        said = {
            "endpoint": self.session.at.endpoint,
            "keys": self.keys(role),
            "region": REGION,
            "account": ACCOUNT,
            "outputs": self.outputs,
            "project": str(self.project),
            "stack": stack,
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.bootstrap.deploy_stack"],
            input=json.dumps(said),
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=240,
        )
        assert done.stdout, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture(scope="session")
def bootstrapped(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bootstrapped]:
    """The platform is deployed by its deployer; what it was refused fails here, with the action named."""
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "stacks", project / "stacks")
    for name in ("components", "corral", "functions", "templates", "policies"):
        (project / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "Pulumi.yaml", project)
    settings = project / "stacks/Pulumi.dev.yaml"
    settings.write_text(f"{settings.read_text()}  corral:boundaries: bootstrap\n")
    with Session.start(ACCOUNT, REGION, project / ".corral/log") as session:
        account = Bootstrapped(session, deploy(template, session), project, {})
        done = account.deploy("Deployer", "dev")
        assert done["errors"] == []
        assert done["made"] > 100
        account.outputs = done["outputs"]
        yield account
