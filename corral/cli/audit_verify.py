"""corral audit verify: whether every allowed call is on record twice, and the trail is as it was deployed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corral.cli.audit_query import LocalOption, SinceOption, UntilOption
from corral.cli.project import ProjectOption, console, environment_of, find_project, say_no

if TYPE_CHECKING:
    from corral.audit.deployed import Platform
    from corral.audit.verify import Verification
    from corral.spec.load import Environment

_MOST_SHOWN = 50


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    since: SinceOption = "7d",
    until: UntilOption = None,
    outputs: Annotated[
        Path | None, typer.Option("--outputs", metavar="FILE", help="The platform's outputs, as JSON.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="What was found as JSON.")] = False,
    local: LocalOption = False,
    project: ProjectOption = None,
) -> None:
    """Match decisions with gateway records, and compare the trail with what was deployed. 1 when anything is amiss."""
    from corral.audit.athena import AthenaError
    from corral.audit.deployed import NotDeployedError, usual_values
    from corral.audit.period import Period, PeriodError
    from corral.audit.verify import SETTLED, validate_logs, verify

    now = datetime.now(UTC)
    try:
        # What is still on its way would look like a gap; the local AWS has delivered all it has.
        period = Period.read(since, until, now if local else now - SETTLED)
    except PeriodError as error:
        say_no(str(error), 2)
    root = find_project(project)
    environment = environment_of(root, env)
    try:
        platform = _platform(root, environment, outputs, local)
        with console.status("comparing the records"):
            found = verify(platform, usual_values(environment), period)
    except (NotDeployedError, AthenaError) as error:
        say_no(str(error))
    validation = validate_logs(platform.outputs, period)
    if as_json:
        print(json.dumps(_as_json(found, validation), indent=1))
    else:
        _show(found, validation, local)
    raise typer.Exit(0 if found.is_whole else 1)


def _platform(root: Path, environment: "Environment", outputs: Path | None, local: bool) -> "Platform":
    from corral.audit.deployed import account_platform, local_platform, read_outputs, stack_outputs

    name = environment.platform.environment
    if local:
        return local_platform(root, name)
    told = stack_outputs(root, name) if outputs is None else read_outputs(outputs)
    return account_platform(environment, told)


def _as_json(found: "Verification", validation: str) -> dict[str, object]:
    return {
        "whole": found.is_whole,
        "since": found.period.parameters()["since"],
        "until": found.period.parameters()["until"],
        "matched": found.matching.matched,
        "refused_at_gateway": found.matching.refused,
        "gaps": [gap.as_dict() for gap in found.matching.gaps],
        "checks": [{"name": c.name, "now": c.now, "problems": c.problems} for c in found.checks],
        "validate_logs": validation,
    }


def _show(found: "Verification", validation: str, local: bool) -> None:
    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    say(f"Records of {found.period}")
    gaps = found.matching.gaps
    mark = "✗" if gaps else "✓"
    say(
        f"{mark} {found.matching.matched} allowed calls on record at supervisor and gateway, {len(gaps)} gaps"
    )
    for gap in gaps[:_MOST_SHOWN]:
        say(
            f"    {gap.at}  {gap.kind}: {gap.tool} by {gap.caller}, session {gap.session}, record {gap.record_id}"
        )
    if len(gaps) > _MOST_SHOWN:
        say(f"    and {len(gaps) - _MOST_SHOWN} more: --json has all")
    if found.matching.refused:
        say(
            f"  {found.matching.refused} calls without a decision were refused at the gateway (query denied-calls)"
        )
    for check in found.checks:
        say(f"{'✗' if check.problems else '✓'} {check.name}: {check.now}")
        for problem in check.problems:
            say(f"    {problem}")
    say("That no delivered file was changed or taken away since, AWS itself checks by its digests:")
    say(f"    {validation}")
    if local:
        say("    (the local AWS writes no digests; this is for an AWS account)")
