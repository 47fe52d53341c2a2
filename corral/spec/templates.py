"""Agent templates on disk: finds the version a team pins; checks template, prompt and scenarios together."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corral.spec.document import Loaded, Report, load
from corral.spec.errors import SpecError, listed, show, unknown
from corral.spec.prompt import check_prompt, check_turn, parameters_used
from corral.spec.scenario import Scenario, Scenarios
from corral.spec.source import Location, dotted, hidden_character, read_text, shown_path
from corral.spec.team import ParameterValue
from corral.spec.template import Parameter, Template

TEMPLATES = Path("templates/agents")
_TYPES: dict[str, tuple[str, tuple[type, ...]]] = {
    "string": ("text", (str,)),
    "choice": ("text", (str,)),
    "domain": ("the name of a data domain", (str,)),
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
    scenarios: tuple[Scenario, ...]

    @property
    def label(self) -> str:
        """As in customer-support@1.0.0."""
        return f"{self.spec.template}@{self.spec.version}"


@dataclass
class TemplateStore:
    """The templates of a project, each loaded and checked once, when an agent first asks for it."""

    root: Path
    report: Report
    _cache: dict[Path, LoadedTemplate | None] = field(default_factory=dict)

    def names(self) -> list[str]:
        """The templates that exist."""
        return sorted(path.name for path in (self.root / TEMPLATES).glob("*") if path.is_dir())

    def find(self, reference: str) -> "LoadedTemplate | tuple[str, str] | None":
        """The newest version a reference allows; message and hint if there is none; None if it is unsound."""
        name, _, major = reference.partition("@")
        if name not in self.names():
            return unknown("template", name, self.names())
        versions = [path.name for path in (self.root / TEMPLATES / name).glob("*") if _numbers(path.name)]
        fitting = [version for version in versions if _numbers(version)[0] == int(major)]
        if not fitting:
            return f"template {name} has no version {major}", f"Versions: {listed(versions)}."
        folder = self.root / TEMPLATES / name / max(fitting, key=_numbers)
        if folder not in self._cache:
            self._cache[folder] = self._load(folder)
        return self._cache[folder]

    def _load(self, folder: Path) -> LoadedTemplate | None:
        loaded = load(folder / "template.yaml", Template, self.root, self.report)
        scenarios = load(folder / "scenarios.yaml", Scenarios, self.root, self.report)
        path = folder / "prompt.md.j2"
        template = loaded.spec
        if template is None:
            return None
        self._check_template(loaded, template, folder)
        # by the file, not the template: a parameter with a mistake in it still is one
        parameters = list(loaded.source.data.get("parameters") or ())
        sound = scenarios.spec is not None and _check_scenarios(scenarios, scenarios.spec, parameters)
        return LoadedTemplate(
            loaded,
            template,
            path,
            self._sound_prompt(path, parameters) if loaded.sound else None,
            scenarios.spec.scenarios if sound and scenarios.spec else (),
        )

    def _sound_prompt(self, path: Path, parameters: list[str]) -> str | None:
        prompt = read_text(path, self.root)
        if isinstance(prompt, SpecError):
            self.report.add(prompt)
            return None
        findings = list(check_prompt(prompt, parameters))
        for line, message, hint in findings:
            self.report.add(SpecError(shown_path(path, self.root), line, 1, message, hint))
        return None if findings else prompt

    def _check_template(self, loaded: Loaded[Template], template: Template, folder: Path) -> None:
        same = "Both must be the same."
        if template.template != folder.parent.name:
            loaded.error(
                ("template",), f'template: "{template.template}" is in the folder {folder.parent.name}', same
            )
        if template.version != folder.name:
            loaded.error(("version",), f'version: "{template.version}" is in the folder {folder.name}', same)
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


def _is_template(text: str) -> bool:
    return "{{" in text or "{%" in text or "{#" in text


def _check_scenarios(loaded: Loaded[Scenarios], spec: Scenarios, parameters: list[str]) -> bool:
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
