"""Renders the CloudFormation template that an account's owner deploys once."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from components.actions import (
    MODEL,
    ORGANIZATION,
    PLATFORM_ACTIONS,
    TEAM_ACTIONS,
    TEAM_TABLE_ACTIONS,
    TRAIL_READ,
)
from corral.bootstrap.deployers import environment_statements, previewer_statements, team_statements
from corral.bootstrap.document import Statement, Sub, arn, document, split
from corral.bootstrap.options import AUDIENCE, Federation, Options
from corral.bootstrap.places import KEY_TAG, TEAM_TAG
from corral.spec.names import role_path

TEMPLATE = "bootstrap.yaml.j2"
WORKFLOW = "github-deploy.yaml.j2"
_LONGEST_PARTITION = "aws-us-gov"


def rendered(root: Path, options: Options) -> str:
    """Return the template. `root` is the project, which holds templates/."""
    environment = _templates(root / "templates" / "cloudformation")
    environment.filters["block"] = _block
    return environment.get_template(TEMPLATE).render(
        o=options,
        boundary=document(
            boundary_statements(PLATFORM_ACTIONS, organization=options.management_account is not None)
        ),
        team_boundary=document(boundary_statements(TEAM_ACTIONS, teams_of=options.environment)),
        platform_path=role_path(options.environment, "platform"),
        deployer=_documents(environment_statements(options), options),
        team_deployer=_documents(team_statements(options), options) if with_deployer(options) else [],
        previewer=document(previewer_statements(options)),
        preview_trust=_preview_trust(options.federation),
        trust=_trust(None, options.deployers, options),
        teams=[
            {
                "name": team,
                "id": "".join(part.capitalize() for part in team.split("-")),
                "tags": {TEAM_TAG: team, KEY_TAG: team.replace("-", "_")},
                "trust": _trust(team, options.teams[team], options),
            }
            for team in with_deployer(options)
        ],
        audience=AUDIENCE,
    )


def workflow(root: Path, options: Options) -> str:
    """Return GitHub's workflow that deploys the environment."""
    return (
        _templates(root / "templates" / "ci", "[[", "]]", "[%", "%]").get_template(WORKFLOW).render(o=options)
    )


def _templates(folder: Path, *delimiters: str) -> SandboxedEnvironment:
    """Templates of a folder. GitHub has curly brackets of its own, so there others delimit ours."""
    variable_start, variable_end, block_start, block_end = delimiters or ("{{", "}}", "{%", "%}")
    return SandboxedEnvironment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        variable_start_string=variable_start,
        variable_end_string=variable_end,
        block_start_string=block_start,
        block_end_string=block_end,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def with_deployer(options: Options) -> list[str]:
    """Return the teams that get a deployer of their own: someone may take it."""
    return [team for team, people in options.teams.items() if people or options.federation]


def boundary_statements(
    actions: Sequence[str] | frozenset[str], *, teams_of: str | None = None, organization: bool = False
) -> list[Statement]:
    """Return a boundary's statements: what components/boundary.py makes where no bootstrap did.

    `teams_of` is the environment, for the boundary of its teams' roles; of the other one, `organization` says
    whether the trail is an organization's.
    """
    own = {"StringEqualsIfExists": {"aws:ResourceAccount": Sub("${AWS::AccountId}")}}
    statements = [Statement("OwnAccount", sorted(actions), ["*"], own)]
    if organization:
        statements.append(Statement("OrganizationTrail", sorted((*TRAIL_READ, *ORGANIZATION)), ["*"]))
    if teams_of is not None:
        places = (
            "*::foundation-model/*",
            "*:${AWS::AccountId}:inference-profile/*",
            "*:${AWS::AccountId}:application-inference-profile/*",
        )
        resources = [Sub(f"arn:${{AWS::Partition}}:bedrock:{place}") for place in places]
        tables = [arn("dynamodb", f"table/corral-{teams_of}-team-*-requests")]
        statements += [
            Statement("OwnModels", MODEL, resources),
            Statement("OwnRequests", TEAM_TABLE_ACTIONS, tables),
        ]
    return statements


def _documents(statements: Sequence[Statement], options: Options) -> list[dict[str, Any]]:
    parts = split(statements, _LONGEST_PARTITION, options.region, options.account)
    return [document(part) for part in parts]


def _preview_trust(signed_in: Federation | None) -> dict[str, Any] | None:
    """Who may say what would change: pull requests, which is code that nobody has looked at yet."""
    if signed_in is None or signed_in.preview_subject is None:
        return None
    return {"Version": "2012-10-17", "Statement": [_pipeline(signed_in, signed_in.preview_subject)]}


def _pipeline(signed_in: Federation, subject: str) -> dict[str, Any]:
    provider = signed_in.provider_arn or Sub(
        f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{signed_in.host}"
    )
    operator = "StringLike" if "*" in subject or "?" in subject else "StringEquals"
    conditions: dict[str, dict[str, str]] = {"StringEquals": {f"{signed_in.host}:aud": AUDIENCE}}
    conditions.setdefault(operator, {})[f"{signed_in.host}:sub"] = subject
    return {
        "Sid": "Pipeline",
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
    }


def _trust(team: str | None, people: Sequence[str], options: Options) -> dict[str, Any]:
    """Who may take a team's deployer, or the environment's.

    Without sts:TagSession nobody brings a tag along that says another team.
    """
    statements: list[dict[str, Any]] = []
    signed_in = options.federation
    if signed_in is not None:
        subject = signed_in.subject if team is None else signed_in.team_subject.replace("{team}", team)
        statements.append(_pipeline(signed_in, subject))
    if people:
        statement: dict[str, Any] = {
            "Sid": "People",
            "Effect": "Allow",
            "Principal": {"AWS": list(people)},
            "Action": "sts:AssumeRole",
        }
        if options.mfa:
            statement["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
        statements.append(statement)
    return {"Version": "2012-10-17", "Statement": statements}


class _Dumper(yaml.SafeDumper):
    """Writes texts for CloudFormation to fill in as !Sub, and no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _sub(dumper: yaml.SafeDumper, text: Sub) -> yaml.Node:
    return dumper.represent_scalar("!Sub", text.escaped(), style='"')


_Dumper.add_representer(Sub, _sub)


def _block(value: Mapping[str, Any], indent: int) -> str:
    """A policy document as YAML, so many spaces in: for a line of its own below its key."""
    text = yaml.dump(value, Dumper=_Dumper, default_flow_style=None, sort_keys=False, width=140)
    return textwrap.indent(text.rstrip("\n"), " " * indent).lstrip(" ")
