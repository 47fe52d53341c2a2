"""Prompts and scenario texts: Jinja2 in a sandbox, where a parameter's value is data, not instructions.

In a prompt every value is printed as a quoted string on one line: it can neither end its quotes nor begin
a section.
"""

import json
import traceback
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, Undefined, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from corral.spec.errors import listed, show, suggestion
from corral.spec.source import hidden_character

# Characters, rendered. A harness sets no limit; AgentCore's recommendations for a system prompt take this many.
MAX_PROMPT = 20_000
PROMPT_NAMES = frozenset({"parameters", "agent", "team", "tools"})
TURN_NAMES = frozenset({"parameters", "agent", "team", "last", "results"})
_FILE = "<template>"  # what Jinja2 calls a template made from text, in tracebacks


class PromptError(Exception):
    """A prompt that cannot be rendered; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def quoted(value: object) -> object:
    """A value as a prompt prints it: text in quotes on one line, < and > escaped; a list joined by commas."""
    if isinstance(value, Undefined):
        return value
    if isinstance(value, str):
        return "".join(map(_escaped, json.dumps(value, ensure_ascii=False)))
    if isinstance(value, list | tuple):
        return ", ".join(str(quoted(item)) for item in value)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return value


def _escaped(character: str) -> str:
    if character in "<>":
        return f"\\u{ord(character):04x}"
    return character if hidden_character(character) is None else json.dumps(character)[1:-1]


_prompts = SandboxedEnvironment(
    undefined=StrictUndefined,
    finalize=quoted,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=False,
)
_turns = SandboxedEnvironment(undefined=StrictUndefined)


def check_prompt(text: str, parameters: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """What is wrong with a prompt template: line, message, hint."""
    return check_text(_prompts, "prompt", text, PROMPT_NAMES, parameters)


def check_turn(text: str, parameters: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """What is wrong with a text of a scenario's turn: line within the text, message, hint."""
    return check_text(_turns, "turn", text, TURN_NAMES, parameters)


@lru_cache(maxsize=4096)  # every agent of a template asks for the same ones
def parameters_used(text: str) -> frozenset[str]:
    """The parameters that a sound turn text reads."""
    return frozenset(name for name, _ in _parameters(_turns.parse(text)))


def render_prompt(text: str, context: Mapping[str, Any], rules: str = "") -> str:
    """Render a prompt and end it with the platform's rules. Raises PromptError for whatever goes wrong in it."""
    rendered = render_text(_prompts, text, context)
    whole = f"{rendered}\n\n{rules}".strip() if rendered else ""
    if not whole or len(whole) > MAX_PROMPT:
        raise PromptError(1, f"renders to {len(whole):,} characters; allowed: 1 to {MAX_PROMPT:,}")
    return whole


def render_text(environment: SandboxedEnvironment, text: str, context: Mapping[str, Any]) -> str:
    """Render a template. Raises PromptError for whatever goes wrong in it."""
    try:
        return _compiled(environment, text).render(context).strip()
    except Exception as error:  # a template can raise anything
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == _FILE]
        line = error.lineno if isinstance(error, TemplateSyntaxError) else frames[-1].lineno if frames else 1
        message = error.message if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
        raise PromptError(line or 1, f"cannot be rendered: {message}") from None


@lru_cache(maxsize=256)  # a prompt is compiled once for all agents of its template
def _compiled(environment: SandboxedEnvironment, text: str) -> Template:
    return environment.from_string(text)


def check_text(
    environment: SandboxedEnvironment,
    kind: str,
    text: str,
    names: frozenset[str],
    parameters: Iterable[str],
) -> Iterator[tuple[int, str, str]]:
    """What is wrong with a template that reads these names and parameters: line, message, hint."""
    try:
        tree = environment.parse(text)
        environment.compile(text, raw=True)  # finds unknown filters and tests, which parsing does not
    except TemplateSyntaxError as error:
        yield error.lineno, f"not a Jinja2 template: {error.message}", ""
        return
    except RecursionError:
        yield 1, "not a Jinja2 template: nested too deeply", ""
        return
    known = list(parameters)
    undeclared = meta.find_undeclared_variables(tree)
    for node in tree.find_all(nodes.Name):
        if node.name in undeclared - names:
            here = (
                f' Did you mean "parameters.{node.name}"?'
                if node.name in known
                else suggestion(node.name, names)
            )
            yield node.lineno, f"unknown name {show(node.name)}", f"Known: {listed(names)}.{here}"
    for name, line in _parameters(tree):
        if name not in known:
            yield line, f"unknown parameter {show(name)}", f"Known: {listed(known)}.{suggestion(name, known)}"
    for part in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        yield part.lineno, f"a {kind} is one file", "Allowed: no include, import or extends."


def _parameters(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """Each `parameters.name` or `parameters["name"]`, and its line."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        if isinstance(node, nodes.Getattr | nodes.Getitem) and _is_parameters(node.node):
            if isinstance(node, nodes.Getattr):
                yield node.attr, node.lineno
            elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
                yield node.arg.value, node.lineno


def _is_parameters(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "parameters"
