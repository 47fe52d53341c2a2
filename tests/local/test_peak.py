"""An agent at over three times its peak: what is over is told to wait, the rest is answered rightly and recorded."""

import time
from pathlib import Path

import pytest

from benchmarks.peak import Load, copied
from corral.local.rehearse import stage, team_outputs
from corral.spec.load import load_environment

pytestmark = pytest.mark.xdist_group("peak")

EXPECTED = 3  # messages a minute; more at once than 20 would be for Lambda itself to refuse
SESSIONS = 6 * EXPECTED
LATE = 40  # seconds into a minute: the count of the next might begin before all are sent


@pytest.mark.control("peak-load", "complete-records")
def test_over_three_times_its_peak_an_agent_answers_what_it_takes_and_tells_the_rest_when(
    tmp_path: Path,
) -> None:
    environment = load_environment(copied(tmp_path, EXPECTED) / "stacks/dev")
    with stage(tmp_path, environment, ["support"], lambda _: None) as (session, results):
        load = Load(session, team_outputs(results), environment.agents["support"]["helpdesk"])
        into = time.time() % 60
        time.sleep(60 - into if into > LATE else 0)
        everyone = load.all_at_once(SESSIONS, patience=0)
        answered = [one for one in everyone if one.answer]
        problems = load.problems(answered)
    assert problems == []  # no wrong answer, no lost record, nothing done twice
    assert len(answered) == 3 * EXPECTED
    for one in everyone:
        if one.answer is None:
            assert one.error is not None
            assert (one.error.status, one.error.code) == (429, "throttled")
            assert 0 < (one.error.retry_after or 0) <= 61
