"""Agent templates on disk: finds the version a team pins; checks template, prompt, card and scenarios together.

The project's are in templates/agents; an environment may have private ones beside its teams.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from corral.spec.cards import CARD, check_card
from corral.spec.coded import check_code
from corral.spec.document import Loaded, Report, load
from corral.spec.errors import SpecError, listed, show, suggestion, unknown
from corral.spec.judges import check_judges
from corral.spec.prompt import check_prompt, check_turn, parameters_used
from corral.spec.scenario import Scenario, Scenarios
from corral.spec.schedules import FORM, schedule_problem
from corral.spec.source import Location, dotted, files, hidden_character, read_text, shown_path
from corral.spec.team import ParameterValue
from corral.spec.template import Parameter, Template

TEMPLATES = Path("templates/agents")
RULES = Path("templates/rules.md")  # what every agent's prompt ends with, whatever its template
PRIVATE = "templates"  # in an environment's folder
Check = Callable[[str, Iterable[str]], Iterator[tuple[int, str, str]]]
_TYPES: dict[str, tuple[str, tuple[type, ...]]] = {
    "string": ("text", (str,)),
    "choice": ("text", (str,)),
    "domain": ("the name of a data domain", (str,)),
    "table": ("the name of a table", (str,)),
    "schedule": ("a rate or cron expression", (str,)),
    "integer": ("a whole number", (int,)),
    "number": ("a number", (int, float)),
    "boolean": ("true or false", (bool,)),
}


@dataclass(frozen=True)
class LoadedTemplate:
    """A version of a template with all its files."""

    loaded: Loaded[Template]
    spec: Template
    prompt_path: Path
    prompt: str | None  # None when it is not sound
    card: str | None  # likewise
    scenarios: tuple[Scenario, ...]

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.prompt_path.parent

    @property
    def label(self) -> str:
        """As in customer-support@1.0.0."""
        return f"{self.spec.template}@{self.spec.version}"


@dataclass
class TemplateStore:
    """The templates of a project, each loaded and checked once, when an agent first asks for it."""

    root: Path
    environment: Path  # the environment's folder
    report: Report
    _found: dict[str, "LoadedTemplate | tuple[str, str] | None"] = field(default_factory=dict)

    @cached_property
    def rules(self) -> str:
        """The platform's rules; empty when they cannot be had, which is reported."""
        text = read_text(self.root / RULES, self.root)
        if isinstance(text, SpecError):
            self.report.add(text)
            return ""
        found = "nothing" if not text.strip() else hidden_character(text, allowed="\n")
        if found:
            hint = "Allowed: Markdown that every agent's prompt ends with."
            self.report.add(SpecError(RULES.as_posix(), 1, 1, f"holds {found}", hint))
        return text.strip()

    def names(self) -> list[str]:
        """The templates that exist."""
        return sorted(
            {path.name for place in self._places() for path in files(place, "*") if _versions(path)}
        )

    def versions(self, name: str) -> dict[str, Path]:
        """The versions of a template, oldest first, each with its folder."""
        found = {path.name: path for place in self._places() for path in _versions(place / name)}
        return {version: found[version] for version in sorted(found, key=_numbers)}

    def _places(self) -> tuple[Path, Path]:
        return self.root / TEMPLATES, self.environment / PRIVATE

    def find(self, reference: str) -> "LoadedTemplate | tuple[str, str] | None":
        """The newest version a reference allows; message and hint if there is none; None if it is unsound."""
        if reference not in self._found:
            self._found[reference] = self._find(reference)
        return self._found[reference]

    def _find(self, reference: str) -> "LoadedTemplate | tuple[str, str] | None":
        name, _, major = reference.partition("@")
        if name not in self.names():
            return unknown("template", name, self.names())
        versions = self.versions(name)
        fitting = [version for version in versions if _numbers(version)[0] == int(major)]
        if not fitting:
            return f"template {name} has no version {major}", f"Versions: {listed(versions)}."
        return self._load(versions[fitting[-1]])

    def _load(self, folder: Path) -> LoadedTemplate | None:
        loaded = load(folder / "template.yaml", Template, self.root, self.report)
        scenarios = load(folder / "scenarios.yaml", Scenarios, self.root, self.report)
        path = folder / "prompt.md.j2"
        template = loaded.spec
        if template is None:
            return None
        self._check_template(loaded, template, folder)
        if all(_versions(place / folder.parent.name) for place in self._places()):
            shared = shown_path(self.root / TEMPLATES / folder.parent.name, self.root)
            private = shown_path(self.environment / PRIVATE / folder.parent.name, self.root)
            loaded.error(
                ("template",), f"{private} has the name of {shared}", "Give the private one another."
            )
        # by the file, not the template: a parameter with a mistake in it still is one
        declared = loaded.source.data.get("parameters")
        parameters = list(declared) if isinstance(declared, dict) else []
        sound = (
            scenarios.spec is not None
            and loaded.intact(("parameters",))
            and _check_scenarios(scenarios, scenarios.spec, parameters, template)
        )
        return LoadedTemplate(
            loaded,
            template,
            path,
            self._sound(path, check_prompt, parameters) if loaded.sound else None,
            self._sound(folder / CARD, check_card, parameters) if loaded.sound else None,
            scenarios.spec.scenarios if sound and scenarios.spec else (),
        )

    def _sound(self, path: Path, check: Check, parameters: list[str]) -> str | None:
        text = read_text(path, self.root)
        if isinstance(text, SpecError):
            self.report.add(text)
            return None
        findings = list(check(text, parameters))
        for line, message, hint in findings:
            self.report.add(SpecError(shown_path(path, self.root), line, 1, message, hint))
        return None if findings else text

    def _check_template(self, loaded: Loaded[Template], template: Template, folder: Path) -> None:
        same = "Both must be the same."
        if template.template != folder.parent.name:
            loaded.error(
                ("template",), f'template: "{template.template}" is in the folder {folder.parent.name}', same
            )
        if template.version != folder.name:
            loaded.error(("version",), f'version: "{template.version}" is in the folder {folder.name}', same)
        check_judges(loaded, template.evaluators)
        check_code(loaded, template.evaluators, folder, self.root)
        if template.schedule is not None:
            _check_schedule(loaded, template)
        if template.upgrade is not None:
            _check_upgrade(loaded, template)
        for name, parameter in template.parameters.items():
            place: Location = ("parameters", name)
            if parameter.pattern is not None:
                try:
                    re.compile(parameter.pattern)
                except re.error as error:
                    loaded.error(
                        (*place, "pattern"), f"{dotted(place)}.pattern: not a regular expression: {error}"
                    )
                    continue
            if parameter.default is not None and (problem := value_problem(parameter, parameter.default)):
                loaded.error((*place, "default"), f"{dotted(place)}.default: {problem[0]}", problem[1])


def value_problem(parameter: Parameter, value: ParameterValue) -> tuple[str, str] | None:
    """Why a parameter may not have a value: message and hint. Whether a domain exists is not known here."""
    wanted, types = _TYPES[parameter.type]
    if type(value) not in types:
        return f"{show(value)} is not {wanted}", f"Allowed: {wanted}. {parameter.help}"
    if isinstance(value, str):
        if found := hidden_character(value):
            return f"{show(value)} holds the hidden character {found}", "Allowed: text on one line."
        if len(value) > parameter.max_length:
            return (
                f"{show(value)} is {len(value):,} characters long",
                f"Allowed: at most {parameter.max_length:,}.",
            )
        if parameter.choices is not None and value not in parameter.choices:
            return f"{show(value)} is not allowed", f"Allowed: {listed(parameter.choices)}."
        if parameter.pattern is not None and not re.fullmatch(parameter.pattern, value):
            return f"{show(value)} is not allowed", f"Allowed: text of the form {parameter.pattern}."
        if parameter.type == "schedule" and (problem := schedule_problem(value)):
            return f"{show(value)} is not a schedule: {problem}", FORM
        return None
    if parameter.minimum is not None and value < parameter.minimum:
        return f"{show(value)} is too small", f"Allowed: at least {parameter.minimum:,g}."
    if parameter.maximum is not None and value > parameter.maximum:
        return f"{show(value)} is too large", f"Allowed: at most {parameter.maximum:,g}."
    return None


def turn_texts(scenario: Scenario) -> Iterator[tuple[Location, str]]:
    """Every text of a scenario's turns that is a template, with its place in the scenario."""
    for index, turn in enumerate(scenario.model):
        place: Location = ("model", index)
        yield from _strings(turn.input, (*place, "input"))
        if turn.instead is not None and turn.instead.returns is not None:
            yield from _strings(turn.instead.returns, (*place, "instead", "returns"))
        if turn.say is not None and _is_template(turn.say):
            yield (*place, "say"), turn.say


def scenario_parameters(scenario: Scenario) -> set[str]:
    """The parameters without which a scenario cannot be played."""
    return {name for _, text in turn_texts(scenario) for name in parameters_used(text)}


def _strings(value: Any, place: Location) -> Iterator[tuple[Location, str]]:
    if isinstance(value, str) and _is_template(value):
        yield place, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*place, index))


def _check_schedule(loaded: Loaded[Template], template: Template) -> None:
    assert template.schedule is not None
    wanted = template.schedule.parameter
    times = [name for name, parameter in template.parameters.items() if parameter.type == "schedule"]
    if wanted not in times:
        loaded.error(
            ("schedule", "parameter"),
            f"schedule.parameter: there is no parameter {show(wanted)} of type schedule",
            f"Parameters of type schedule: {listed(times)}.{suggestion(wanted, times)}",
        )


def _check_upgrade(loaded: Loaded[Template], template: Template) -> None:
    assert template.upgrade is not None
    known = template.parameters
    for former, now in template.upgrade.renamed.items():
        if now not in known:
            message, hint = unknown("parameter", now, known)
            loaded.error(("upgrade", "renamed", former), f"upgrade.renamed.{former}: {message}", hint)
    for name, values in template.upgrade.values.items():
        if name not in known:
            message, hint = unknown("parameter", name, known)
            loaded.error(("upgrade", "values", name), f"upgrade.values: {message}", hint, key=True)
            continue
        for former, value in values.items():
            if problem := value_problem(known[name], value):
                place: Location = ("upgrade", "values", name, former)
                loaded.error(place, f"{dotted(place)}: {problem[0]}", problem[1])


def _versions(folder: Path) -> list[Path]:
    """The folders of a template's versions."""
    return [path for path in files(folder, "*") if _numbers(path.name)]


def _is_template(text: str) -> bool:
    return "{{" in text or "{%" in text or "{#" in text


def _check_scenarios(
    loaded: Loaded[Scenarios], spec: Scenarios, parameters: list[str], template: Template
) -> bool:
    """Report what is wrong with scenarios; whether all their texts are sound templates."""
    sound = True
    seen: dict[str, set[str]] = {"name": set(), "user": set()}
    for index, scenario in enumerate(spec.scenarios):
        place: Location = ("scenarios", index)
        for key, values in seen.items():
            value = getattr(scenario, key)
            if value in values:
                loaded.error(
                    (*place, key), f"{dotted((*place, key))}: {show(value)} is there twice", "Each once."
                )
            values.add(value)
        called = [turn.tool for turn in scenario.model if turn.tool is not None]
        expected = [call.tool for call in scenario.expect.calls]
        if called != expected:
            loaded.error(
                (*place, "expect"),
                f"{dotted(place)}.expect: calls {json.dumps(expected)}, the model calls {json.dumps(called)}",
                "Each call of the model, in order, with its decision.",
            )
        message_at_set_times = template.schedule.message if template.schedule else None
        if scenario.by == "schedule" and scenario.user != message_at_set_times:
            loaded.error(
                (*place, "user"),
                f"{dotted(place)}.user: is not what the schedule sends",
                "Allowed: schedule.message of template.yaml, word for word."
                if template.schedule
                else "The template has no schedule.",
            )
        for location, text in turn_texts(scenario):
            for _, message, hint in check_turn(text, parameters):
                sound = False
                loaded.error((*place, *location), f"{dotted((*place, *location))}: {message}", hint)
    return sound


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return (
        tuple(map(int, parts)) if len(parts) == 3 and all(p.isascii() and p.isdigit() for p in parts) else ()
    )
