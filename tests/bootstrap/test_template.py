"""The template: every option rendered, nothing for cfn-lint to say at its strictest, within IAM's sizes."""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import cfnlint.api
import pytest
from cfnlint.config import ManualArgs

from corral.bootstrap.options import BootstrapError, Federation, Options, federation, options
from corral.bootstrap.render import rendered, with_deployer
from corral.spec.load import Environment
from corral.spec.platform import Audit, Organization
from tests.bootstrap.account import Template
from tests.bootstrap.conftest import ACCOUNT, OWNER, REGION, ROOT

PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
FEDERATIONS = {
    "github": federation("dev", "acme/agents", None, None, None),
    "github, existing provider": federation("dev", "acme/agents", None, None, PROVIDER),
    "another issuer": federation(
        "dev", None, "https://gitlab.example.com", "project_path:acme/{team}:ref:main", None
    ),
    "another issuer, wildcard": federation("dev", None, "https://ci.example.com/x", "job:{team}:*", None),
    "none": None,
}
STRICTEST: dict[str, Any] = {
    "include_checks": ["I"],
    "include_experimental": True,
    "configure_rules": {"I3042": {"region": True}},
}
AWS_OWN = "017000801446"  # the one account that is written out: AWS's, of the Powertools layer


def every() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, people, teams, glass, mfa in itertools.product(
        FEDERATIONS, ([], [OWNER]), ([], [f"support={OWNER}"]), ([], [OWNER]), (True, False)
    ):
        if FEDERATIONS[name] is None and not people:
            continue
        said = {"deployers": people, "team_deployers": teams, "break_glass": glass, "mfa": mfa}
        yield name, said


CASES = list(every())


# What no two of these differ in, cfn-lint sees the same way: each federation with all else on, and with all else off.
LINTED = [
    (name, said)
    for name, said in CASES
    if all((said["deployers"], said["team_deployers"], said["break_glass"], not said["mfa"]))
    or (said["mfa"] and not said["team_deployers"] and not said["break_glass"])
]


def test_every_option_makes_a_whole_template(dev: Environment) -> None:
    assert len(CASES) == 72
    for name, said in CASES:
        text = rendered(ROOT, options(dev, FEDERATIONS[name], **said))
        assert "{{" not in text
        assert "{%" not in text
        assert text.count("Type: AWS::IAM::Role\n") == len(
            Template.of(text, ACCOUNT, REGION).of_type("AWS::IAM::Role")
        )


@pytest.mark.parametrize(("name", "said"), LINTED, ids=[f"{index}" for index in range(len(LINTED))])
def test_cfn_lint_finds_nothing(dev: Environment, name: str, said: dict[str, Any]) -> None:
    text = rendered(ROOT, options(dev, FEDERATIONS[name], **said))
    assert [
        str(each) for each in cfnlint.api.lint(text, config=ManualArgs(regions=[REGION], **STRICTEST))
    ] == []


def test_no_account_is_written_out_but_awss_own(all_options: Options) -> None:
    written = re.findall(r'!Sub "arn:[^"]*?:(\d{12}):', rendered(ROOT, all_options))
    assert set(written) == {AWS_OWN}


def test_cfn_lint_would_find_something(all_options: Options) -> None:
    text = rendered(ROOT, all_options).replace("iam:CreateRole", "iam:MakeRole", 1)
    assert cfnlint.api.lint(text, config=ManualArgs(regions=[REGION], **STRICTEST))


def test_policies_are_within_their_sizes(template: Template) -> None:
    policies = template.of_type("AWS::IAM::ManagedPolicy")
    assert len(policies) >= 6
    for name, policy in policies.items():
        assert len(json.dumps(policy["PolicyDocument"], separators=(",", ":"))) <= 6_144, name
    for role in template.of_type("AWS::IAM::Role").values():
        assert 1 <= len(role["ManagedPolicyArns"]) <= 10


def statements(template: Template) -> Iterator[dict[str, Any]]:
    for policy in template.of_type("AWS::IAM::ManagedPolicy").values():
        yield from policy["PolicyDocument"]["Statement"]


@pytest.mark.control("role-limits")
def test_no_action_has_a_wildcard(template: Template) -> None:
    found = list(statements(template))
    assert len(found) > 60
    for statement in found:
        assert statement["Effect"] == "Allow"
        assert not [action for action in statement["Action"] if "*" in action]


# Statements on every resource: their actions take none, or the resource is not there yet.
ANYWHERE = {
    "OwnAccount": "a boundary holds many roles; each role's own policy names its resources",
    "AlarmsByName": "DescribeAlarms, which a deployment reads its alarms with, is granted on all or on none",
    "CloudControl": "Cloud Control's own actions take no resource; what its handlers call is asked for by itself",
    "KeysByAlias": "takes no resource",
    "LogGroupsByName": "takes no resource",
    "TrailsByName": "takes no resource",
    "NewKeys": "takes no resource; the tags asked for must be the owner's",
    "NewOfAgentCore": "as above",
    "NewGuardrails": "as above",
    "NewRegistries": "as above",
}


def test_each_statement_on_everything_is_known(template: Template) -> None:
    assert {each["Sid"] for each in statements(template) if "*" in each["Resource"]} == set(ANYWHERE)


@pytest.mark.parametrize("owner", [None, ACCOUNT, "999988887777"])
def test_who_deploys_an_organizations_trail_may_look_at_it_and_reach_the_trail(
    dev: Environment, all_options: Options, owner: str | None
) -> None:
    text = rendered(ROOT, replace(all_options, management_account=owner))
    found = {each["Sid"]: each for each in statements(Template.of(text, ACCOUNT, REGION))}
    names = {"Organization", "TrailsOwnRole", "OrganizationTrail", "OrganizationTrails"}
    if owner is None:
        assert not names & found.keys()
        assert "organizations:" not in text
        return
    assert found["Organization"]["Action"] == [
        "organizations:DescribeOrganization",
        "organizations:ListAWSServiceAccessForOrganization",
        "organizations:ListAccounts",
    ]
    assert found["TrailsOwnRole"]["Action"] == ["iam:GetRole"]
    assert "organizations:DescribeOrganization" in found["OrganizationTrail"]["Action"]  # the boundary
    if owner == ACCOUNT:
        assert "OrganizationTrails" not in found
    else:
        assert found["OrganizationTrails"]["Resource"] == [
            f"arn:aws:cloudtrail:{REGION}:{owner}:trail/corral-dev-*"
        ]
        assert found["OrganizationTrails"]["Action"] == found["Trails"]["Action"]
        assert "cloudtrail:StopLogging" not in text
    assert [
        str(each) for each in cfnlint.api.lint(text, config=ManualArgs(regions=[REGION], **STRICTEST))
    ] == []


def test_the_organization_comes_from_the_platforms_file(dev: Environment, github: Federation) -> None:
    for organization, owner in (
        (None, None),
        (Organization(id="o-a1b2c3d4e5"), ACCOUNT),
        (Organization(id="o-a1b2c3d4e5", management_account="999988887777"), "999988887777"),
    ):
        said = dev.platform.model_copy(update={"audit": Audit(organization=organization)})
        assert options(replace(dev, platform=said), github).management_account == owner


def test_resources_are_of_the_kinds_that_their_actions_take(template: Template) -> None:
    """cfn-lint's own rule for this looks at no ARN that CloudFormation fills in."""
    found = []
    for name, policy in template.of_type("AWS::IAM::ManagedPolicy").items():
        resource = {"Type": "AWS::IAM::Policy", "Properties": {
            "PolicyName": name, "Roles": ["x"], "PolicyDocument": policy["PolicyDocument"]}}  # fmt: skip
        found += cfnlint.api.lint(
            json.dumps({"Resources": {name: resource}}),
            config=ManualArgs(regions=[REGION], include_checks=["I3510"], ignore_checks=["I3042", "I4010"]),
        )
    assert [f"{each.message} {each.path}" for each in found] == []


def test_pipelines_get_their_own_deployer_and_no_other(template: Template) -> None:
    roles = template.of_type("AWS::IAM::Role")
    subjects = {
        name: roles[name]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
        for name in ("Deployer", "DeployerSupport", "DeployerSales")
    }
    host = "token.actions.githubusercontent.com"
    assert subjects["Deployer"] == {
        f"{host}:aud": "sts.amazonaws.com",
        f"{host}:sub": "repo:acme/agents:environment:corral-dev",
    }
    assert subjects["DeployerSupport"][f"{host}:sub"] == "repo:acme/agents:environment:corral-dev-support"
    assert len({each[f"{host}:sub"] for each in subjects.values()}) == 3


def test_people_have_a_second_factor_unless_told_otherwise(
    dev: Environment, github: Federation, template: Template
) -> None:
    factor = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    roles = template.of_type("AWS::IAM::Role")
    assert roles["Deployer"]["AssumeRolePolicyDocument"]["Statement"][1]["Condition"] == factor
    assert roles["BreakGlass"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] == {
        **factor,
        "StringEquals": {"aws:RequestedRegion": REGION},
    }
    without = options(dev, github, deployers=[OWNER], break_glass=[OWNER], mfa=False)
    roles = Template.of(rendered(ROOT, without), ACCOUNT, REGION).of_type("AWS::IAM::Role")
    assert "Condition" not in roles["Deployer"]["AssumeRolePolicyDocument"]["Statement"][1]
    assert (
        roles["BreakGlass"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["Bool"] == factor["Bool"]
    )


def test_taking_break_glass_sends_an_alert(template: Template) -> None:
    [rule] = template.of_type("AWS::Events::Rule").values()
    assert rule["State"] == "ENABLED"
    assert rule["EventPattern"]["detail"]["requestParameters"] == {"roleArn": ["arn of BreakGlass"]}
    assert rule["Targets"] == [{"Id": "alerts", "Arn": "Alerts"}]
    [topic] = template.of_type("AWS::SNS::Topic").values()
    assert topic["Subscription"] == [{"Protocol": "email", "Endpoint": "platform-oncall@example.com"}]


def test_the_state_is_locked_down(template: Template) -> None:
    [bucket] = template.of_type("AWS::S3::Bucket").values()
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert not bucket["BucketName"].startswith("corral-")  # or deployers could change it
    [policy] = template.of_type("AWS::S3::BucketPolicy").values()
    [statement] = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )
    for name in ("StateBucket", "StateKey"):
        assert template.resources[name]["DeletionPolicy"] == "Retain"


def test_a_team_that_nobody_may_deploy_has_no_deployer(dev: Environment) -> None:
    made = options(dev, None, deployers=[OWNER], team_deployers=[f"sales={OWNER}"])
    assert with_deployer(made) == ["sales"]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (
            ("acme", None, None, None),
            '--github: "acme" is not allowed. Allowed: OWNER/REPO, as in acme/agents.',
        ),
        (("a/b", "https://x.org", None, None), "leave --oidc-issuer and --oidc-subject out"),
        ((None, "https://x.org", None, None), "--oidc-issuer and --oidc-subject go together"),
        ((None, "http://x.org", "s:{team}", None), '--oidc-issuer: "http://x.org" is not allowed'),
        ((None, "https://x.org", "*", None), '--oidc-subject: "*" is not allowed'),
        ((None, "https://x.org", "job:main", None), "is the same for every team, so each could deploy all"),
        ((None, None, None, PROVIDER), "--existing-oidc-provider goes with"),
        (("a/b", None, None, "x"), '--existing-oidc-provider: "x" is not allowed'),
        ((None, "https://x.org", "s:{team}", PROVIDER), "is not for the issuer https://x.org"),
    ],
)
def test_who_signs_in_is_checked(said: tuple[str | None, ...], error: str) -> None:
    with pytest.raises(BootstrapError) as found:
        federation("dev", *said)
    assert error in str(found.value)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({}, "nobody could deploy"),
        ({"deployers": ["me"]}, '--deployer: "me" is not allowed'),
        ({"deployers": [OWNER], "team_deployers": [f"suport={OWNER}"]}, 'Did you mean "support"?'),
        ({"deployers": [OWNER], "team_deployers": ["support"]}, '--team-deployer: "" is not allowed'),
        ({"deployers": [f"arn:aws:iam::{ACCOUNT}:role/x"]}, "carry no second factor"),
        ({"deployers": [OWNER], "break_glass": [f"arn:aws:iam::{ACCOUNT}:role/x"]}, "carry no second factor"),
    ],
)
def test_people_are_checked(dev: Environment, said: dict[str, Any], error: str) -> None:
    with pytest.raises(BootstrapError) as found:
        options(dev, None, **said)
    assert error in str(found.value)


def test_teams_whose_names_begin_alike_are_refused(dev: Environment, github: Federation) -> None:
    dev = Environment(**{**vars(dev), "teams": {**dev.teams, "sales-eu": dev.teams["sales"]}})
    with pytest.raises(BootstrapError, match="teams sales and sales-eu: AgentCore tells"):
        options(dev, github)
