"""What a bootstrap template is made for, and what of it cannot be."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from corral.spec.errors import unknown
from corral.spec.load import Environment
from corral.spec.names import bootstrap_path

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
_ISSUER = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~/-]*)?")
_SUBJECT = re.compile(r"[A-Za-z0-9:/_.@*?{}=-]{3,200}")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
_PROVIDER = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:oidc-provider/[A-Za-z0-9._~/:-]+")
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(root|user/.+|role/.+)")


class BootstrapError(Exception):
    """A template cannot be made of what was given. The text says what to change."""


@dataclass(frozen=True)
class Federation:
    """Who may sign in from outside, without keys: tokens of an issuer, by what their subject says.

    `subject` is for the environment's own deployer, `team_subject` for a team's, with {team} for its name.
    """

    issuer: str
    subject: str
    team_subject: str
    provider_arn: str | None = None  # an identity provider that the account has already
    preview_subject: str | None = None  # of what may look at what would change, and change nothing

    @property
    def host(self) -> str:
        """The issuer as IAM names it in conditions: without https://."""
        return self.issuer.removeprefix("https://").rstrip("/")


@dataclass(frozen=True)
class Options:
    """One environment's bootstrap. `teams` maps a team to the principals that may deploy it from a shell.

    Without a pipeline and without such principals a team has no deployer of its own.
    """

    environment: str
    account: str
    region: str
    production: bool
    alert_email: str
    teams: Mapping[str, Sequence[str]]
    deployers: Sequence[str] = ()  # principals that may take the environment's deployer from a shell
    break_glass: Sequence[str] = ()
    federation: Federation | None = None
    management_account: str | None = None  # of the organization whose trail it is, if it is one's
    mfa: bool = True  # whether people who deploy from a shell must have signed in with a second factor

    @property
    def state_bucket(self) -> str:
        """The bucket of Pulumi's state. Its name does not begin as those that deployers may change."""
        return f"pulumi-state-corral-{self.environment}-{self.account}-{self.region}"

    @property
    def state_alias(self) -> str:
        """The alias of the key for state and for secrets in it."""
        return f"alias/pulumi-state-corral-{self.environment}"

    @property
    def deployer_path(self) -> str:
        """The IAM path of what no deployer may change: deployers, their policies, break-glass."""
        return bootstrap_path(self.environment)

    @property
    def role_start(self) -> str:
        """How the ARNs of the bootstrap's roles begin."""
        special = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
        partition = next(
            (said for start, said in special.items() if self.region.startswith(f"{start}-")), "aws"
        )
        return f"arn:{partition}:iam::{self.account}:role{self.deployer_path}"


def federation(
    environment: str, github: str | None, issuer: str | None, subject: str | None, provider_arn: str | None
) -> Federation | None:
    """Return who may sign in from outside. Raises BootstrapError for what says neither the one nor the other.

    GitHub's subject names repository and deployment environment: a workflow gets it only once that
    environment's own rules (reviewers, branches) are met.
    """
    if github is not None and (issuer is not None or subject is not None):
        raise BootstrapError(
            "--github says issuer and subject itself: leave --oidc-issuer and --oidc-subject out"
        )
    if provider_arn is not None and not _PROVIDER.fullmatch(provider_arn):
        raise BootstrapError(
            f'--existing-oidc-provider: "{provider_arn}" is not allowed. '
            "Allowed: the ARN of an IAM identity provider, arn:aws:iam::ACCOUNT:oidc-provider/HOST."
        )
    if github is not None:
        if not _REPOSITORY.fullmatch(github):
            raise BootstrapError(
                f'--github: "{github}" is not allowed. Allowed: OWNER/REPO, as in acme/agents.'
            )
        start = f"repo:{github}:environment:corral-{environment}"
        return _checked(
            Federation(GITHUB_ISSUER, start, f"{start}-{{team}}", provider_arn, f"repo:{github}:pull_request")
        )
    if issuer is None and subject is None:
        if provider_arn is not None:
            raise BootstrapError(
                "--existing-oidc-provider goes with --github, or --oidc-issuer and --oidc-subject"
            )
        return None
    if issuer is None or subject is None:
        raise BootstrapError("--oidc-issuer and --oidc-subject go together")
    if not _ISSUER.fullmatch(issuer):
        raise BootstrapError(
            f'--oidc-issuer: "{issuer}" is not allowed. Allowed: an address, https://HOST[/PATH].'
        )
    if not _SUBJECT.fullmatch(subject) or not subject.strip("*?{}"):
        raise BootstrapError(
            f'--oidc-subject: "{subject}" is not allowed. Allowed: the subject of the tokens that may deploy, '
            "with {team} where a team's name goes; a * alone would let in everyone the issuer knows."
        )
    return _checked(
        Federation(issuer, subject.replace("{team}", "platform"), _for_team(subject), provider_arn)
    )


def _for_team(subject: str) -> str:
    if "{team}" not in subject:
        raise BootstrapError(
            f'--oidc-subject: "{subject}" is the same for every team, so each could deploy all. '
            "Put {team} where a team's name goes; the environment's own deployer gets platform there."
        )
    return subject


def _checked(found: Federation) -> Federation:
    if found.provider_arn is not None and not found.provider_arn.endswith(f":oidc-provider/{found.host}"):
        raise BootstrapError(
            f"--existing-oidc-provider: {found.provider_arn} is not for the issuer {found.issuer}. "
            f"Allowed: the one that ends in oidc-provider/{found.host}."
        )
    return found


def options(
    environment: Environment,
    signed_in: Federation | None,
    *,
    deployers: Sequence[str] = (),
    team_deployers: Sequence[str] = (),
    break_glass: Sequence[str] = (),
    mfa: bool = True,
) -> Options:
    """Return what to bootstrap for an environment; `team_deployers` are of the form TEAM=ARN.

    Raises BootstrapError for what is not of its form, and for what AWS cannot keep apart.
    """
    spec = environment.platform
    _check_names(sorted(environment.teams))
    teams: dict[str, list[str]] = {team: [] for team in sorted(environment.teams)}
    for given in team_deployers:
        team, _, arn = given.partition("=")
        if team not in teams:
            message, hint = unknown("team", team, teams)
            raise BootstrapError(f"--team-deployer: {message}. {hint}")
        teams[team].append(_principal("--team-deployer", arn, mfa))
    made = Options(
        environment=spec.environment,
        account=spec.account,
        region=spec.region,
        production=spec.production,
        alert_email=spec.owner.on_call or spec.owner.email,
        teams=teams,
        deployers=[_principal("--deployer", arn, mfa) for arn in deployers],
        break_glass=[_principal("--break-glass", arn, True) for arn in break_glass],
        federation=signed_in,
        management_account=spec.organization[1] if spec.organization else None,
        mfa=mfa,
    )
    if signed_in is None and not made.deployers:
        raise BootstrapError(
            "nobody could deploy: give --github OWNER/REPO, or --oidc-issuer and --oidc-subject, for a pipeline, "
            "or --deployer ARN for people"
        )
    return made


def _principal(option: str, arn: str, factor: bool) -> str:
    """Check a principal. Sessions of a role do not say whether there was a second factor."""
    if not _PRINCIPAL.fullmatch(arn):
        raise BootstrapError(
            f'{option}: "{arn}" is not allowed. Allowed: the ARN of an IAM role, user or account root.'
        )
    if factor and ":role/" in arn:
        instead = (
            "" if option == "--break-glass" else ", or --no-mfa if whoever takes that role is asked for one"
        )
        raise BootstrapError(
            f"{option}: sessions of {arn} carry no second factor, so it could never be taken. "
            f"Allowed: the ARN of a user{instead}."
        )
    return arn


def _check_names(teams: Sequence[str]) -> None:
    """Harnesses, memories and Cedar policies are told apart by how their names begin, and by nothing else."""
    for team in teams:
        for other in teams:
            if other.startswith(f"{team}-"):
                raise BootstrapError(
                    f"teams {team} and {other}: AgentCore tells a team's resources by how their names begin, "
                    f"and those of {other} begin as those of {team}. Rename one of the two."
                )
