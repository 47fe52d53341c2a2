"""Makes a report of a deployed platform: asks for all that is in it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from corral import __version__
from corral.audit.controls import assess
from corral.audit.deployed import account_platform, local_platform, usual_values
from corral.audit.gather import gather
from corral.audit.period import Period
from corral.audit.report.made import Report
from corral.audit.report.records import ask_records
from corral.audit.verify import validate_logs
from corral.spec.load import Environment


def make(
    root: Path,
    environment: Environment,
    period: Period,
    now: datetime,
    local: bool,
    outputs: Path | None,
    told: Callable[[str], None],
) -> Report:
    """Ask the served local AWS, or the account with this shell's credentials. `told` is told what is being asked.

    Raises NotDeployedError when the platform is not there. What else cannot be asked is said in the report.
    """
    name = environment.platform.environment
    told("outputs, resources, access and settings as deployed")
    facts = gather(root, environment, period, local, outputs)
    platform = local_platform(root, name) if local else account_platform(environment, facts.outputs[name])
    told("the records")
    records = ask_records(
        platform.lake.run,
        usual_values(environment),
        period,
        arguments(name, period, local),
        lambda title: told(f"the records: {title}"),
    )
    return Report(
        facts=facts,
        findings=tuple(assess(facts)),
        records=records,
        period=period,
        made=now,
        version=__version__,
        local=local,
        arguments=arguments(name, period, local),
        validate_logs=validate_logs(platform.outputs, period),
    )


def arguments(name: str, period: Period, local: bool) -> str:
    """Return what a command is given to ask for the same period of the same platform."""
    given = period.parameters()
    return f"{name} --since {given['since']} --until {given['until']}{' --local' * local}"
