"""A report in short, as JSON has it: what a script decides by, and what the page says first."""

from typing import Any

from corral.audit.report.made import Report


def summary(report: Report) -> dict[str, Any]:
    """Return the counts, what needs a look, and what was not asked. What is not known is None."""
    facts, found = report.facts, report.facts.verification
    period = report.period.parameters()
    return {
        "environment": report.environment,
        "account": facts.environment.platform.account,
        "region": facts.environment.platform.region,
        "local": report.local,
        "since": period["since"],
        "until": period["until"],
        "made": f"{report.made:%Y-%m-%dT%H:%M:%S}",
        "controls": report.counts,
        "failing": {f.control.id: list(f.problems) for f in report.findings if f.status == "fails"},
        "records": {
            "whole": report.is_whole,
            "matched": found and found.matching.matched,
            "gaps": found and len(found.matching.gaps),
        },
        "agents": len(report.agents),
        "access": facts.matrix and facts.matrix.document()["counts"],
        "decisions": report.records.totals and vars(report.records.totals),
        "waivers": [
            {
                "control": each.waiver.control,
                "expires": str(each.waiver.expires),
                "owner": each.waiver.owner,
                "days": each.days,
            }
            for each in report.waivers
        ],
        "to_look_at": [{"weight": each.weight, "text": each.text, "why": each.why} for each in report.points],
        "not_asked": {**facts.not_asked, **report.records.problems},
    }
