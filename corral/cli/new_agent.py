"""corral new agent: a few questions, ten lines in the team's file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corral.cli.project import ProjectOption, environment_of, find_project, say_no, show_errors

if TYPE_CHECKING:
    from corral.cli.ask import Asker
    from corral.spec.load import Environment
    from corral.spec.template import Parameter, Template
    from corral.spec.templates import LoadedTemplate

EnvironmentArgument = Annotated[
    str | None, typer.Argument(help="The environment: a folder of stacks/. Needed when there are several.")
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A parameter; repeat for more.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Write without being asked.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document instead of a report.")]


def command(
    env: EnvironmentArgument = None,
    team: Annotated[str | None, typer.Option(help="The team whose agent it is.")] = None,
    template: Annotated[
        str | None, typer.Option(metavar="NAME[@MAJOR]", help="Without a major version the newest one.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The agent's name.")] = None,
    set_: SetOption = None,
    tools: Annotated[
        str | None, typer.Option(metavar="A,B", help="From the catalogue. Default: the template's.")
    ] = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Write an agent into its team's file.

    Asks for what is not given, shows the lines, checks the whole environment with them, then writes them.
    """
    from corral.cli.ask import Asker, pairs, sure
    from corral.cli.changes import checked, prepared, put_down
    from corral.scaffold import agent as agents
    from corral.scaffold.answers import of_model, one_of
    from corral.spec.names import AgentName
    from corral.spec.source import shown_path

    given = pairs(set_ or ())
    root = find_project(project)
    environment = environment_of(root, one_environment(root, env))
    asker = Asker(as_json)
    teams = [(key, spec.owner.name) for key, spec in environment.teams.items()]
    team = asker.choice("--team", team, one_of("team", environment.teams), "Team", teams)
    chosen = _template(environment, asker, template)
    if team is not None:
        taken = agents.names_taken(environment, team)
        suggested = chosen.spec.template if chosen else ""
        default = (
            suggested
            if asker.somebody_there and 0 < len(suggested) <= 20 and suggested not in taken
            else None
        )
        name = asker.value("--name", name, of_model(AgentName, "a name", taken), "Name of the agent", default)
    elif name is None:
        asker.value("--name", None, str, "Name of the agent")
    parameters = chosen and parameters_of(environment, asker, team or "", chosen.spec, given, ask_all=True)
    wanted = chosen and _tools(environment, asker, chosen.spec, tools)
    asker.settle()
    new = agents.NewAgent(
        name=sure(name),
        template=f"{sure(chosen).spec.template}@{sure(chosen).spec.version.partition('.')[0]}",
        parameters=sure(parameters),
        tools=wanted or (None if not sure(chosen).spec.tools else ()),
    )
    path = shown_path(agents.team_file(environment, sure(team)), root)
    change = prepared(lambda: agents.add_agent(environment, sure(team), new), path)
    checked(root, environment.folder, [change], as_json)
    command = f"corral scenarios {environment.folder.name} {team}/{name}"
    put_down(root, [change], command, yes, as_json)


def one_environment(root: Any, env: str | None) -> str:
    """The environment that is named, or the only one there is. Ends with 2 when there are several."""
    from corral.spec.load import environment_names

    names = environment_names(root)
    if env is None and len(names) != 1:
        say_no(f"which environment? Give one of: {', '.join(names) or 'none there'}", 2)
    return env if env is not None else names[0]


def parameters_of(
    environment: "Environment",
    asker: "Asker",
    team: str,
    template: "Template",
    given: Mapping[str, str],
    ask_all: bool,
) -> dict[str, Any]:
    """The values that are not the template's own: from flags, else from answers. `ask_all`: also with a default."""
    from corral.spec.errors import unknown

    for name in given:
        if name not in template.parameters:
            say_no(
                "--set: {} of {}. {}".format(
                    *_around(unknown("parameter", name, template.parameters), template)
                )
            )
    values: dict[str, Any] = {}
    for name, parameter in template.parameters.items():
        needed = parameter.default is None and not parameter.optional
        if name not in given and not needed and not (ask_all and asker.somebody_there):
            continue
        value = ask_parameter(environment, asker, team, name, parameter, given.get(name))
        if value is not None and value != "" and not (name not in given and value == parameter.default):
            values[name] = value
    return values


def ask_parameter(
    environment: "Environment",
    asker: "Asker",
    team: str,
    name: str,
    parameter: "Parameter",
    given: str | None,
) -> Any:
    """The value of one parameter; None for an optional one that is left out, and when it is missing."""
    from corral.scaffold.agent import domains_for
    from corral.scaffold.answers import allowed_values, parameter_value

    domains = domains_for(environment, team, parameter) if team else list(environment.domains)
    check = parameter_value(parameter, domains)
    flag = f"--set {name}=... ({parameter.help.rstrip('.')})"
    options = parameter.choices or (domains if parameter.type == "domain" else ())
    optional = parameter.optional and parameter.default is None
    default = _shown(parameter) if asker.somebody_there else None
    question = f"{name}: {parameter.help.rstrip('.')}"

    def read(answer: str) -> Any:
        return None if optional and not answer else check(answer)

    if options:
        return asker.choice(flag, given, read, question, [(option, "") for option in options], default)
    return asker.value(flag, given, read, question, default, f"{name} takes {allowed_values(parameter)}.")


def _shown(parameter: "Parameter") -> str | None:
    """A parameter's default as somebody would type it; nothing for an optional one."""
    if parameter.default is None:
        return "" if parameter.optional else None
    if isinstance(parameter.default, bool):
        return "yes" if parameter.default else "no"
    return str(parameter.default)


def _around(found: tuple[str, str], template: "Template") -> tuple[str, str, str]:
    return found[0], f"{template.template}@{template.version}", found[1]


def _template(environment: "Environment", asker: "Asker", given: str | None) -> "LoadedTemplate | None":
    from corral.scaffold import agent as agents
    from corral.scaffold.answers import AnswerError
    from corral.spec.errors import SpecErrors, unknown

    templates = agents.store(environment)

    def read(answer: str) -> "LoadedTemplate":
        name, at, major = answer.partition("@")
        if name not in templates.names():
            raise AnswerError(". ".join(unknown("template", name, templates.names())))
        if at and not (major.isascii() and major.isdigit()):
            raise AnswerError(
                f"{answer!r} is not allowed. Allowed: {name} or {agents.newest(templates, name)}."
            )
        try:
            found = agents.sound_template(environment, answer if at else agents.newest(templates, name))
        except SpecErrors as errors:
            show_errors(errors, environment.root)
            raise typer.Exit(1) from None
        if isinstance(found, tuple):
            raise AnswerError(". ".join(found))
        return found

    options = []
    if given is None and asker.somebody_there:
        options = [
            (
                found.spec.template,
                " ".join([found.spec.summary, *(f"For: {use}" for use in found.spec.use_when[:2])]),
            )
            for found in agents.templates_to_choose(environment)
        ]
    return asker.choice("--template", given, read, "Template", options)


def _tools(
    environment: "Environment", asker: "Asker", template: "Template", given: str | None
) -> tuple[str, ...] | None:
    from corral.scaffold.answers import several_of

    about = "Known: " + "; ".join(f"{name} ({tool.spec.access})" for name, tool in environment.tools.items())
    default = ",".join(template.tools)
    return asker.value("--tools", given, several_of("tool", environment.tools), "Tools", default, about)
