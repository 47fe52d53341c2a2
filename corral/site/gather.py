"""Gathers all that pages show of an environment: its agents with their cards, its templates, who uses what."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from corral.cedar import agent_policy
from corral.site import words
from corral.site.markdown import Text, convert
from corral.spec.cards import CARD, render_card
from corral.spec.document import Report
from corral.spec.domain import Domain
from corral.spec.errors import SpecError, SpecErrors
from corral.spec.load import Environment
from corral.spec.prompt import PromptError
from corral.spec.resolved import ResolvedAgent
from corral.spec.source import read_text, shown_path
from corral.spec.team import Team
from corral.spec.template import Template
from corral.spec.templates import LoadedTemplate, TemplateStore
from corral.spec.tool import Tool

_CASES = "happy-path"


@dataclass(frozen=True)
class AgentEntry:
    """An agent and what pages show of it beyond its spec."""

    spec: ResolvedAgent
    team: Team
    card: Text
    policy: str  # Cedar's text, empty for an agent without tools

    @property
    def label(self) -> str:
        """As in support/helpdesk."""
        return f"{self.spec.team}/{self.spec.name}"

    @property
    def path(self) -> str:
        """Its page."""
        return f"agents/{self.label}.html"

    @property
    def runbook(self) -> str:
        """The page of its runbook."""
        return f"runbooks/{self.label}.html"

    @property
    def example(self) -> str:
        """A message that shows what it is for."""
        told = [scenario for scenario in self.spec.scenarios if scenario.expect.blocked is None]
        happy = [scenario for scenario in told if scenario.case == _CASES]
        return next((scenario.user for scenario in (*happy, *told)), "What can you do for me?")

    @property
    def values(self) -> Iterator[tuple[str, str, str, str]]:
        """What it was put together from: name, value, where the value comes from, the file that says so."""
        spec = self.spec
        for name, value in self._values():
            # without the line, which moves with every comment above it
            yield name, value, spec.origins[name], spec.places.get(name, "").partition(":")[0]

    def _values(self) -> Iterator[tuple[str, str]]:
        spec = self.spec
        yield "stage", spec.stage
        yield "template", spec.template
        yield "model", spec.model_name
        for name, value in spec.parameters.items():
            yield f"parameters.{name}", words.yes_no(value) if isinstance(value, bool) else str(value)
        yield "tools", ", ".join(spec.tools) or "none"
        for index, rule in enumerate(spec.approval):
            yield f"approval[{index}]", f"{rule.tool}, {words.rule(rule)}"
        for key, _, value in words.limits(spec.limits):
            yield f"limits.{key}", value
        yield "guardrail", spec.guardrail


@dataclass(frozen=True)
class Site:
    """What the pages are made from."""

    environment: Environment
    agents: tuple[AgentEntry, ...]  # by team, then by name
    templates: tuple[LoadedTemplate, ...]  # the newest version of each major, oldest first

    @cached_property
    def tools(self) -> dict[str, Tool]:
        """The catalogue."""
        return {name: self.environment.tools[name].spec for name in sorted(self.environment.tools)}

    @cached_property
    def domains(self) -> dict[str, Domain]:
        """The data domains."""
        return dict(sorted(self.environment.domains.items()))

    @cached_property
    def teams(self) -> dict[str, Team]:
        """The teams."""
        return dict(sorted(self.environment.teams.items()))

    def of_team(self, team: str) -> list[AgentEntry]:
        """The agents of a team."""
        return [agent for agent in self.agents if agent.spec.team == team]

    def with_tool(self, tool: str) -> list[AgentEntry]:
        """The agents that may call a tool."""
        return [agent for agent in self.agents if tool in agent.spec.tools]

    def reading(self, domain: str) -> list[AgentEntry]:
        """The agents that read a data domain."""
        return [agent for agent in self.agents if domain in agent.spec.domains]

    def made_from(self, template: Template) -> list[AgentEntry]:
        """The agents of a version of a template."""
        return [agent for agent in self.agents if agent.spec.made_from == template]


def gather(environment: Environment) -> Site:
    """Read what the environment does not hold: cards, and the templates no agent is made from yet.

    Raises SpecErrors for a template that is not sound, and for a card that cannot be rendered.
    """
    report = Report()
    templates = tuple(_templates(TemplateStore(environment.root, environment.folder, report)))
    agents = tuple(
        entry
        for team in sorted(environment.agents)
        for name in sorted(environment.agents[team])
        if (entry := _entry(environment, environment.agents[team][name], report)) is not None
    )
    if report.errors:
        raise SpecErrors(report.errors)
    return Site(environment, agents, templates)


def _templates(store: TemplateStore) -> Iterator[LoadedTemplate]:
    for name in store.names():
        majors = dict.fromkeys(version.partition(".")[0] for version in store.versions(name))
        for major in majors:
            found = store.find(f"{name}@{major}")
            if isinstance(found, LoadedTemplate):
                yield found


def _entry(environment: Environment, spec: ResolvedAgent, report: Report) -> AgentEntry | None:
    path = spec.template_folder / CARD
    template = read_text(path, environment.root)
    if isinstance(template, SpecError):
        report.add(template)
        return None
    parameters = {**dict.fromkeys(spec.made_from.parameters), **spec.parameters}
    context = {
        "parameters": parameters,
        "agent": spec.name,
        "team": spec.team,
        "tools": spec.tools,
        "domains": spec.domains,
    }
    try:
        card = convert(render_card(template, context))
    except PromptError as error:
        report.add(SpecError(shown_path(path, environment.root), error.line, 1, str(error)))
        return None
    return AgentEntry(spec, environment.teams[spec.team], card, _policy(environment, spec))


def _policy(environment: Environment, spec: ResolvedAgent) -> str:
    platform = environment.platform
    gateway = f"arn:aws:bedrock-agentcore:{platform.region}:{platform.account}:gateway/GATEWAY-ID"
    tools = {name: environment.tools[name].spec for name in spec.tools}
    return agent_policy(spec, tools, gateway, platform.account)
