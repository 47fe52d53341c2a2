"""Resolves an agent: what its team wrote, filled in from template and platform, each value's origin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from corral.spec.applicable import Reach, applies
from corral.spec.catalogue import CatalogueTool
from corral.spec.coded import resolved_code
from corral.spec.conditions import ApprovalRule, ConditionError, check, parse
from corral.spec.document import Loaded, Report
from corral.spec.domain import Domain
from corral.spec.errors import SpecError, listed, suggestion, unknown
from corral.spec.judges import ResolvedJudge, resolved_judges
from corral.spec.platform import Platform
from corral.spec.prompt import PromptError, render_prompt
from corral.spec.resolved import DEFAULT_LIMITS, AtSetTimes, ResolvedAgent, ResolvedLimits
from corral.spec.source import Location, dotted, shown_path
from corral.spec.task_cost import cap_problem
from corral.spec.team import Agent, Approval, ParameterValue, Team, TeamApproval
from corral.spec.template import Parameter, Template
from corral.spec.templates import LoadedTemplate, TemplateStore, value_problem

Origin = Literal["team", "template", "platform default"]
_HELD = {"warehouse": "tables", "documents": "documents"}  # what a tool needs: what a domain must hold for it


@dataclass(frozen=True)
class Surroundings:
    """What an agent may refer to. A tool or domain that is None exists, but is not sound, and is reported."""

    environment: str
    platform_file: Loaded[Platform]
    tools: Mapping[str, CatalogueTool | None]
    domains: Mapping[str, Domain | None]
    templates: TemplateStore
    report: Report

    @property
    def platform(self) -> Platform | None:
        """What the platform's file says, unless too little of it is sound."""
        return self.platform_file.spec


@dataclass
class _Resolver:
    """One agent being resolved. It goes on after an error, so that all are found; `failed`: there was one."""

    around: Surroundings
    file: Loaded[Team]
    team: Team
    agent: Agent
    place: Location
    failed: bool = False
    origins: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def error(self, location: Location, message: str, hint: str = "", key: bool = False) -> None:
        place = (*self.place, *location)
        self.file.error(place, f"{dotted(place[:-1] if key else place)}: {message}", hint, key)
        self.failed = True

    def comes(self, name: str, template: LoadedTemplate | None, location: Location | None = None) -> None:
        """Note that a value comes from a place of the template, or of the team's file when that is None."""
        written = location or (name,)
        self.origins[name] = "team" if template is None else "template"
        self.places[name] = (
            self.file.place((*self.place, *written)) if template is None else template.loaded.place(written)
        )

    def resolve(self) -> ResolvedAgent | None:
        found = self.around.templates.find(self.agent.template)
        if isinstance(found, tuple):
            self.error(("template",), *found)
            found = None
        tools = self._tools(found)
        parameters = self._parameters(found)
        domains = self._domains(found, parameters)
        approval = self._approval(found, tools)
        model_name = self._model(found)
        limits = self._limits(found)
        judges = self._judges(found)
        if found is not None and found.loaded.sound:
            self._check_tables(found.spec, parameters, domains)
            self._check_domain_tools(tools, domains)
        platform = self.around.platform
        if self.failed or found is None or platform is None or model_name not in platform.models:
            return None
        specs = {name: tool.spec for name in tools if (tool := self.around.tools.get(name)) is not None}
        reach = Reach(specs, approval, domains, self.team.team)
        schedule = self._schedule(found.spec, parameters)
        self._describe(found)
        prompt = self._prompt(found, parameters, tools)
        price = platform.prices.per_million_tokens_usd.get(model_name) if platform.prices else None
        if price is not None and (problem := cap_problem(prompt, specs, limits, price)) is not None:
            own = self.agent.limits.cost_per_task_usd is not None
            self.error(("limits", "cost_per_task_usd") if own else ("template",), *problem)
        return ResolvedAgent(
            environment=self.around.environment,
            team=self.team.team,
            name=self.agent.name,
            key=self.agent.key,
            stage=self.agent.stage,
            template=found.label,
            owner=self.team.owner,
            model_name=model_name,
            model=platform.models[model_name],
            price=price,
            system_prompt=prompt,
            parameters=parameters,
            tools=tools,
            approval=approval,
            domains=domains,
            limits=limits,
            peak=self.agent.expected_peak,
            suspend_on_alarm=self.agent.suspend_on_alarm,
            canary=self.agent.canary,
            guardrail=found.spec.guardrail,
            schedule=schedule,
            scenarios=tuple(
                s for s in found.scenarios if applies(s, parameters, reach, schedule is not None)
            ),
            judges=judges,
            coded=tuple(
                resolved_code(found.spec.coded, found.folder, self.around.environment, self.team.team)
            ),
            made_from=found.spec,
            template_folder=found.folder,
            origins=self.origins,
            places=self.places,
        )

    def _describe(self, template: LoadedTemplate) -> None:
        """Note where the values come from that nothing overrides."""
        self.comes("stage", None)
        self.comes("template", None)
        self.origins["owner"] = "team"
        self.places["owner"] = self.file.place(("owner",))
        for name in ("guardrail", "evaluators", "junctions"):
            if name in template.spec.model_fields_set:
                self.comes(name, template)
            else:
                self.origins[name] = "platform default"
        self.origins["scenarios"] = "template"
        scenarios = template.folder / "scenarios.yaml"
        self.places["scenarios"] = shown_path(scenarios, self.around.templates.root)

    def _tools(self, template: LoadedTemplate | None) -> tuple[str, ...]:
        own = self.agent.tools
        names = own if own is not None else template.spec.tools if template else ()
        if own is not None or template is not None:
            self.comes("tools", None if own is not None else template)
        for index, name in enumerate(names):
            if self.around.platform is None or name in self.around.tools:
                continue
            message, hint = unknown("tool", name, self.around.tools)
            if own is not None:
                self.error(("tools", index), message, hint)
            elif template is not None:
                self.error(
                    ("template",), f"{template.label} comes with the {message}", f"{hint} Or give tools here."
                )
        only = template.spec.only_tools if template else None
        for index, name in enumerate(own or ()):
            if name in names[:index]:
                self.error(("tools", index), f'"{name}" is there twice', "Each once.")
            elif only is not None and template is not None and name in self.around.tools and name not in only:
                self.error(
                    ("tools", index),
                    f"an agent of {template.label} may not have the tool {name}",
                    f"Allowed: {listed(only)}.",
                )
        return names

    def _parameters(self, template: LoadedTemplate | None) -> dict[str, ParameterValue]:
        given = self.agent.parameters
        if template is None:
            return given
        declared = template.spec.parameters
        for name in given:
            if name not in declared and template.loaded.sound:
                message, hint = unknown("parameter", name, declared)
                self.error(("parameters", name), f"{message} of {template.label}", hint, key=True)
        values: dict[str, ParameterValue] = {}
        for name, parameter in declared.items():
            if name in given:
                self._check_parameter(name, parameter, given[name])
                values[name] = given[name]
                self.comes(f"parameters.{name}", None, ("parameters", name))
            elif parameter.default is not None:
                values[name] = parameter.default
                self.comes(f"parameters.{name}", template, ("parameters", name, "default"))
            elif not parameter.optional:
                self.error(
                    ("parameters",),
                    f'"{name}" is missing',
                    f"{template.label} needs it: {parameter.help}",
                )
        return values

    def _check_parameter(self, name: str, parameter: Parameter, value: ParameterValue) -> None:
        if problem := value_problem(parameter, value):
            self.error(("parameters", name), *problem)

    def _domains(
        self, template: LoadedTemplate | None, parameters: Mapping[str, ParameterValue]
    ) -> tuple[str, ...]:
        if template is None:
            return ()
        names = [n for n, p in template.spec.parameters.items() if p.type == "domain" and n in parameters]
        readable = [n for n, d in self.around.domains.items() if d is None or self.team.team in d.readers]
        for name in names:
            value = str(parameters[name])
            if value not in self.around.domains:
                message, _ = unknown("domain", value, ())
                _, hint = unknown("domain", value, readable)
                self.error(
                    ("parameters", name), message, hint.replace("Known", f"Team {self.team.team} may read", 1)
                )
            elif value not in readable:
                readers = self.around.domains[value]
                who = listed(readers.readers) if readers else "nobody"
                self.error(
                    ("parameters", name),
                    f"team {self.team.team} may not read the domain {value}",
                    f"Its readers: {who}. Team {self.team.team} may read: {listed(readable)}.",
                )
            elif (holds := template.spec.parameters[name].holds) and not self._holds(value, holds):
                fitting = [domain for domain in readable if self._holds(domain, holds)]
                self.error(
                    ("parameters", name),
                    f"the domain {value} holds no {holds}",
                    f"{template.label} reads {holds}. Domains that hold some: {listed(fitting)}.",
                )
        return tuple(dict.fromkeys(str(parameters[name]) for name in names))

    def _holds(self, name: str, what: str) -> bool:
        """Whether a domain holds documents, or tables. One that is not sound is taken to."""
        domain = self.around.domains[name]
        return domain is None or bool(getattr(domain, what))

    def _schedule(self, template: Template, parameters: Mapping[str, ParameterValue]) -> AtSetTimes | None:
        given = template.schedule and parameters.get(template.schedule.parameter)
        return AtSetTimes(str(given), template.schedule.message) if template.schedule and given else None

    def _check_tables(
        self, template: Template, parameters: Mapping[str, ParameterValue], domains: tuple[str, ...]
    ) -> None:
        found = [self.around.domains.get(domain) for domain in domains]
        if None in found:
            return  # reported, and what it holds is not known
        tables = [table.name for domain in found if domain is not None for table in domain.tables]
        for name, parameter in template.parameters.items():
            if parameter.type == "table" and name in parameters and parameters[name] not in tables:
                message, hint = unknown("table", str(parameters[name]), tables)
                hint = hint.replace("Known", f"Tables of {listed(domains)}", 1)
                self.error(("parameters", name), message, hint)

    def _check_domain_tools(self, tools: tuple[str, ...], domains: tuple[str, ...]) -> None:
        """Check that what reads a domain has one, and that one holds what is read."""
        for name in tools:
            tool = self.around.tools.get(name)
            if tool is not None and tool.spec.domain_argument is not None and not domains and not self.failed:
                self.error(
                    (),
                    f"the tool {name} reads a data domain, and the agent has none",
                    "Give it one in the template's parameter of type domain, or leave the tool out.",
                )
            for need, what in _HELD.items():
                reads = tool is not None and need in tool.spec.needs and bool(domains) and not self.failed
                if reads and not any(self._holds(domain, what) for domain in domains):
                    self.error(
                        (),
                        f"the tool {name} reads {what}, and {listed(domains)} holds none",
                        f"Give the agent a domain with {what}, or leave the tool out.",
                    )

    def _approval(self, template: LoadedTemplate | None, tools: tuple[str, ...]) -> tuple[ApprovalRule, ...]:
        rules: dict[ApprovalRule, tuple[LoadedTemplate | None, int]] = {}
        for index, approval in enumerate(template.spec.approval if template else ()):
            try:
                if approval.tool in tools:
                    rules.setdefault(self._rule(approval), (template, index))
            except ConditionError as error:
                assert template is not None
                place: Location = ("approval", index, "when")
                template.loaded.error(place, f"{dotted(place)}: {error}", error.hint)
                self.failed = True
        for index, approval in enumerate(self.agent.approval):
            if approval.tool not in tools:
                if self.file.intact(self.place) and self._all_known(tools):
                    hint = f"Its tools: {listed(tools)}.{suggestion(approval.tool, tools)}"
                    self.error(("approval", index, "tool"), f'the agent has no tool "{approval.tool}"', hint)
                continue
            try:
                rules.setdefault(self._rule(approval), (None, index))
            except ConditionError as error:
                self.error(("approval", index, "when"), str(error), error.hint)
        for index, (of, number) in enumerate(rules.values()):
            self.comes(f"approval[{index}]", of, ("approval", number))
        if rules and not self.team.members.approvers and self.file.sound:
            self.error(
                (),
                f"{listed({rule.tool for rule in rules})} needs approval, and the team has no approvers",
                "Name at least one in members.approvers.",
            )
        elif self.file.sound and (
            short := [r.tool for r in rules if r.approvers > len(self.team.members.approvers)]
        ):
            self.error(
                (),
                f"{listed(set(short))} needs two people's approval, and the team has one approver",
                "Name another in members.approvers.",
            )
        return tuple(rules)

    def _all_known(self, tools: tuple[str, ...]) -> bool:
        """Whether no tool is one that nobody knows: the rule may be about the one that was meant."""
        return all(name in self.around.tools for name in tools)

    def _rule(self, approval: Approval) -> ApprovalRule:
        conditions = parse(approval.when) if approval.when is not None else ()
        tool = self.around.tools.get(approval.tool)
        if tool is not None:
            check(conditions, approval.tool, tool.spec.input, tool.spec.constraints)
        delegate = approval.delegate if isinstance(approval, TeamApproval) else None
        return ApprovalRule(approval.tool, conditions, approval.within_minutes, approval.approvers, delegate)

    def _model(self, template: LoadedTemplate | None) -> str:
        platform = self.around.platform
        known = platform.models if platform else {}
        of_template = template.spec.model if template else None
        name = self.agent.model or of_template or (platform.default_model if platform else "")
        origin: Origin = "team" if self.agent.model else "template" if of_template else "platform default"
        if origin == "platform default":
            self.origins["model"] = origin
            self.places["model"] = self.around.platform_file.place(("default_model",))
        else:
            self.comes("model", None if origin == "team" else template)
        if platform is not None and name not in known:
            message, hint = unknown("model", name, known)
            if origin == "team":
                self.error(("model",), message, hint)
            elif origin == "template" and template is not None:
                self.error(
                    ("template",), f"{template.label} wants the {message}", f"{hint} Or give model here."
                )
            else:
                self.failed = True  # reported at default_model
        return name

    def _judges(self, template: LoadedTemplate | None) -> tuple[ResolvedJudge, ...]:
        platform = self.around.platform
        if template is None or platform is None:
            return ()
        for judge in template.spec.judges:
            if judge.model is not None and judge.model not in platform.models:
                message, hint = unknown("model", judge.model, platform.models)
                message = f"{template.label} wants the {message} for its evaluator {judge.name}"
                self.error(("template",), message, f"{hint} Or add it to the platform's models.")
        return tuple(resolved_judges(template.spec.judges, platform, self.team.team))

    def _limits(self, template: LoadedTemplate | None) -> ResolvedLimits:
        values: dict[str, float | int] = {}
        for name, default in DEFAULT_LIMITS.items():
            own = getattr(self.agent.limits, name)
            of_template = getattr(template.spec.limits, name) if template else None
            values[name] = next(v for v in (own, of_template, default) if v is not None)
            if own is not None or of_template is not None:
                self.comes(f"limits.{name}", None if own is not None else template, ("limits", name))
            else:
                self.origins[f"limits.{name}"] = "platform default"
        return ResolvedLimits(
            cost_per_task_usd=float(values["cost_per_task_usd"]),
            max_iterations=int(values["max_iterations"]),
            max_output_tokens=int(values["max_output_tokens"]),
            timeout_seconds=int(values["timeout_seconds"]),
        )

    def _prompt(
        self, template: LoadedTemplate, parameters: Mapping[str, ParameterValue], tools: tuple[str, ...]
    ) -> str:
        optional = dict.fromkeys(template.spec.parameters)
        context = {
            "parameters": {**optional, **parameters},
            "agent": self.agent.name,
            "team": self.team.team,
            "tools": tools,
        }
        if template.prompt is None:
            return ""
        try:
            return render_prompt(template.prompt, context, self.around.templates.rules)
        except PromptError as error:
            path = shown_path(template.prompt_path, self.around.templates.root)
            self.around.report.add(SpecError(path, error.line, 1, str(error)))
            return ""


def resolve_agent(
    around: Surroundings, file: Loaded[Team], team: Team, agent: Agent, place: Location
) -> ResolvedAgent | None:
    """Resolve one agent; None after an error, which the report then holds."""
    return _Resolver(around, file, team, agent, place).resolve()
