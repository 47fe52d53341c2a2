"""corral bootstrap: what it writes, and what it says no to."""

from pathlib import Path

import cfnlint.decode.cfn_yaml
import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from corral.cli import bootstrap

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(bootstrap.command)
    return CliRunner().invoke(app, ["dev", "--project", str(ROOT), *arguments])


def test_without_a_file_the_template_is_all_that_is_on_standard_output() -> None:
    result = run("--github", "acme/agents")
    assert result.exit_code == 0
    assert "Deployer" in cfnlint.decode.cfn_yaml.loads(result.stdout)["Resources"]
    assert result.stderr == ""


def test_files_are_written_with_their_folders(tmp_path: Path) -> None:
    template, workflow = tmp_path / "a/b/bootstrap.yaml", tmp_path / ".github/workflows/dev.yaml"
    result = run("--github", "acme/agents", "--out", str(template), "--workflow", str(workflow))
    assert result.exit_code == 0
    assert result.stdout == ""
    assert f"wrote {template}" in result.stderr
    assert template.read_text() == run("--github", "acme/agents").stdout
    assert yaml.safe_load(workflow.read_text())["name"] == "corral dev"


def test_the_workflow_checks_first_and_deploys_from_a_protected_environment(tmp_path: Path) -> None:
    path = tmp_path / "dev.yaml"
    run("--github", "acme/agents", "--out", str(tmp_path / "x"), "--workflow", str(path))
    text = path.read_text()
    assert "[[" not in text
    assert "[%" not in text
    made = yaml.safe_load(text)
    jobs = made["jobs"]
    runs = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    corral = ".venv/bin/corral"
    assert runs["check"] == [
        "make .venv/.ready",
        f"{corral} validate dev --strict",
        f"{corral} scenarios dev --junit scenarios.xml",
        f"{corral} docs dev --out docs/site --check",
    ]
    assert runs["preview"][-1] == f"{corral} up dev --preview --verbose"
    assert runs["deploy"][-1] == f'{corral} up dev --yes --secrets-provider "$SECRETS_PROVIDER"'
    assert jobs["deploy"]["environment"] == "corral-dev"
    assert jobs["deploy"]["if"] == "github.event_name == 'push'"
    assert jobs["preview"]["if"].startswith("github.event_name == 'pull_request' && ")
    assert jobs["preview"]["needs"] == jobs["deploy"]["needs"] == "check"
    assert made[True] == {"pull_request": None, "push": {"branches": ["main"]}}  # YAML 1.1's reading of `on`
    assert made["permissions"] == {"contents": "read"}
    assert "id-token" not in jobs["check"].get("permissions", {})
    for name, role in (("preview", "previewer"), ("deploy", "deployer")):
        [signing_in] = [s["with"] for s in jobs[name]["steps"] if "configure-aws" in s.get("uses", "")]
        wanted = f"arn:aws:iam::111122223333:role/corral-bootstrap/dev/corral-dev-{role}"
        assert signing_in["role-to-assume"] == wanted
        assert wanted.rpartition("/")[2] in run("--github", "acme/agents").stdout
    template = cfnlint.decode.cfn_yaml.loads((tmp_path / "x").read_text())["Resources"]
    bucket, alias = template["StateBucket"]["Properties"], template["StateKeyAlias"]["Properties"]
    assert made["env"] == {
        "PULUMI_BACKEND_URL": f"s3://{bucket['BucketName']}?region=us-east-1&awssdk=v2",
        "SECRETS_PROVIDER": f"awskms://{alias['AliasName']}?region=us-east-1",
    }


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 1, "nobody could deploy: give --github OWNER/REPO"),
        (("--github", "acme"), 1, '--github: "acme" is not allowed'),
        (("--deployer", "me"), 1, '--deployer: "me" is not allowed'),
        (("--deployer", "arn:aws:iam::111122223333:user/o", "--workflow", "x"), 2, "add --github OWNER/REPO"),
        (("--github", "acme/agents", "--out", "/dev/null/x"), 1, "/dev/null/x cannot be written"),
    ],
)
def test_what_it_cannot_do_it_says(arguments: tuple[str, ...], code: int, said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert result.stdout == ""
