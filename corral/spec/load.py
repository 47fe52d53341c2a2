"""Loads an environment: every file read, checked and put together, or every mistake in them at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from corral.spec import names
from corral.spec.approvers import check_approvers
from corral.spec.catalogue import CatalogueTool, load_catalogue
from corral.spec.checks import Said, check_domain, check_platform
from corral.spec.document import D, Loaded, Report, load
from corral.spec.domain import Domain
from corral.spec.errors import SpecError, SpecErrors, listed, suggestion
from corral.spec.gates import Promotion, check_promotion, check_stages, highest
from corral.spec.notices import Notice
from corral.spec.peak import check_peak, peak_notices
from corral.spec.platform import Platform
from corral.spec.regions import has_registry
from corral.spec.resolve import Surroundings, resolve_agent
from corral.spec.resolved import ResolvedAgent
from corral.spec.rights_checks import check_rights
from corral.spec.source import dotted, files, shown_path
from corral.spec.sprawl import sprawl_notices
from corral.spec.team import Team
from corral.spec.templates import TemplateStore

__all__ = ["CatalogueTool", "Environment", "load_environment"]


@dataclass(frozen=True)
class Environment:
    """One environment, complete and sound."""

    folder: Path
    root: Path  # the project: holds functions/ and templates/
    platform: Platform
    teams: dict[str, Team]
    domains: dict[str, Domain]
    tools: dict[str, CatalogueTool]  # those the platform lists
    agents: dict[str, dict[str, ResolvedAgent]]  # team -> agent name -> agent
    promotions: dict[str, Promotion] = field(default_factory=dict)  # by team/key: to the latest stage
    notices: list[Notice] = field(default_factory=list)  # what is not an error, but should be known

    @property
    def has_registry(self) -> bool:
        """Whether its region has the agent registry."""
        return has_registry(self.platform.region)


def load_environment(folder: Path, today: date | None = None) -> Environment:
    """Load the environment in a folder such as stacks/dev. Raises SpecErrors with all errors of all files.

    `today` decides which waivers have expired; it is the current day in UTC unless given.
    """
    folder = folder.absolute()
    root = folder.parent.parent
    report = Report()
    if not folder.is_dir():
        others = environment_names(root)
        hint = f"Environments: {listed(others)}.{suggestion(folder.name, others)}"
        raise SpecErrors(
            [SpecError(shown_path(folder, root), None, None, "there is no such environment", hint)]
        )
    platform = load(folder / "platform.yaml", Platform, root, report)
    said: list[Said] = []
    if platform.spec is not None:
        said = check_platform(platform, platform.spec, folder.name, today or datetime.now(UTC).date())
    tools = load_catalogue(platform, root, report)
    teams = dict(_load_all(folder / "teams", Team, root, report))
    if platform.spec is not None:
        check_rights(platform, platform.spec, teams)
    domains = dict(_load_all(folder / "domains", Domain, root, report))
    for domain in domains.values():
        if domain.spec is not None:
            check_domain(domain, domain.spec, teams, folder, root)
    promotions = [file for _, file in _load_all(folder / "promotions", Promotion, root, report)]
    for promotion in promotions:
        if promotion.spec is not None:
            check_promotion(promotion, promotion.spec)
    around = Surroundings(
        environment=folder.name,
        platform_file=platform,
        tools=tools,
        domains={name: domain.spec for name, domain in domains.items()},
        templates=TemplateStore(root, folder, report),
        report=report,
    )
    agents = {
        name: _resolve_team(around, file, file.spec) for name, file in teams.items() if file.spec is not None
    }
    _check_derived_names(folder.name, teams)
    check_stages(folder.name, teams.values(), promotions)
    sound_tools = {name: tool.spec for name, tool in tools.items() if tool is not None}
    if platform.spec is not None:
        for file in teams.values():
            if file.spec is not None:
                check_approvers(file, file.spec, platform.spec)
        check_peak(platform, platform.spec, sound_tools.values(), agents)
    if report.errors or platform.spec is None:
        raise SpecErrors(report.errors)
    notices = [
        *sprawl_notices(platform, teams, domains, tools, agents),
        *peak_notices(teams, sound_tools, agents),
        *(Notice(code, platform.source.shown, platform.line(key), text) for code, key, text in said),
    ]
    return Environment(
        folder=folder,
        root=root,
        platform=platform.spec,
        teams=_sound(teams),
        domains=_sound(domains),
        tools={name: tool for name, tool in tools.items() if tool is not None},
        agents=agents,
        promotions=highest(file.spec for file in promotions if file.spec is not None),
        notices=notices,
    )


def environment_names(root: Path) -> list[str]:
    """The environments of a project."""
    return sorted(path.parent.name for path in (root / "stacks").glob("*/platform.yaml"))


def _sound(files: Mapping[str, Loaded[D]]) -> dict[str, D]:
    return {name: file.spec for name, file in files.items() if file.spec is not None}


def _load_all(folder: Path, model: type[D], root: Path, report: Report) -> Iterator[tuple[str, Loaded[D]]]:
    """Every YAML file of a folder, by the name the file has. A folder that is not there holds nothing."""
    for path in files(folder, "*"):
        if path.suffix == ".yaml":
            yield path.stem, load(path, model, root, report)
        elif path.suffix.lower() in (".yml", ".json"):
            report.add(
                SpecError(shown_path(path, root), None, None, "is not read", f"Name it {path.stem}.yaml.")
            )


def _resolve_team(around: Surroundings, file: Loaded[Team], team: Team) -> dict[str, ResolvedAgent]:
    name = file.source.path.stem
    if team.team != name:
        file.error(("team",), f'team: "{team.team}" is in {name}.yaml', "The file must have the team's name.")
    if team.team == "platform":
        file.error(("team",), 'team: "platform" is not allowed', "The platform's own roles have that name.")
    resolved: dict[str, ResolvedAgent] = {}
    seen: dict[str, int] = {}
    for index, agent in enumerate(team.agents):
        first = seen.setdefault(agent.name, index)
        if first != index:
            line = file.line(("agents", first, "name"))
            message = f'agents[{index}].name: "{agent.name}" is there twice'
            file.error(
                ("agents", index, "name"), message, f"The first is on line {line}. Each name once in a team."
            )
        _check_formerly(file, team, index)
        _check_retired(file, team, index)
        found = resolve_agent(around, file, team, agent, ("agents", index))
        if found is not None:
            resolved[agent.name] = found
    return resolved


def _check_formerly(file: Loaded[Team], team: Team, index: int) -> None:
    """Check that no other agent of the team has, or had, the former name of this one: AWS knows it by that."""
    former = team.agents[index].formerly
    place = ("agents", index, "formerly")
    if former is None:
        return
    if former == team.agents[index].name:
        file.error(place, f'{dotted(place)}: "{former}" is the name it has', "Leave formerly out.")
    for other, agent in enumerate(team.agents):
        if other == index:
            continue
        if former == agent.name:
            file.error(
                place,
                f'{dotted(place)}: "{former}" is the name of another agent, '
                f"on line {file.line(('agents', other, 'name'))}",
                "On AWS both would be called so. Give the other agent a name of its own.",
            )
        elif former == agent.formerly and other < index:
            file.error(
                place,
                f'{dotted(place)}: "{former}" is also the former name of {agent.name}, '
                f"on line {file.line(('agents', other, 'formerly'))}",
                "On AWS both would be called so. Leave formerly out of the agent that is new.",
            )


def _check_retired(file: Loaded[Team], team: Team, index: int) -> None:
    """Check that an agent has no name that a retired one had: the records of both would be one agent's."""
    agent = team.agents[index]
    for other, gone in enumerate(team.retired):
        for key, name in (("name", agent.name), ("formerly", agent.formerly)):
            if name is not None and name in (gone.name, gone.formerly):
                file.error(
                    ("agents", index, key),
                    f'agents[{index}].{key}: "{name}" was retired on {gone.since}, '
                    f"see line {file.line(('retired', other, 'name'))}",
                    "A retired name is not given again. Take another one.",
                )
                return


def _check_derived_names(environment: str, teams: Mapping[str, Loaded[Team]]) -> None:
    """Check that the names on AWS are short enough and unique: two agents' names can make the same one.

    Names that follow from a tool's are short enough by the limits of its name; a test holds that true.
    """
    taken: dict[tuple[str, str], tuple[tuple[str, str], str]] = {}
    for file in teams.values():
        for index, agent in enumerate(file.spec.agents if file.spec else ()):
            team = file.spec.team if file.spec else ""
            key = "formerly" if agent.formerly else "name"
            place = ("agents", index, key)
            for kind, name, limit in (
                ("harness name", names.harness_name(environment, team, agent.key), names.MAX_HARNESS_NAME),
                ("role name", names.agent_role_name(environment, team, agent.key), names.MAX_ROLE_NAME),
                ("policy name", names.policy_name(environment, team, agent.key), names.MAX_POLICY_NAME),
            ):
                owner, shown = taken.setdefault((kind, name), ((team, agent.key), f"{team}/{agent.name}"))
                if len(name) > limit:
                    file.error(
                        place,
                        f'{dotted(place)}: the {kind} on AWS, "{name}", is {len(name)} characters long',
                        f"Allowed: at most {limit}. Shorten the team's or the agent's name.",
                    )
                elif owner != (team, agent.key):
                    message = f'{dotted(place)}: its {kind} on AWS, "{name}", is also that of {shown}'
                    file.error(place, message, "Rename one of the two.")
                    break
