"""corral drift replay: the same history in each format, and every way in which a file can be wrong."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corral.cli.main import app
from corral.drift.history import read
from corral.drift.replay import replay
from functions.drift_monitor.detect.sample import HOUR, Sample

MONDAY = 1_790_553_600
HOURS = 21 * 24
# Two weeks well, one worse: what every format below holds.
SAMPLES = [
    Sample(MONDAY + h * HOUR, 25, 23.0 if h < 14 * 24 else 20.0, "7") for h in range(HOURS) if h % 12 != 3
]


def stamp(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat()


def csv_file(path: Path) -> Path:
    rows = [f"{stamp(s.time)},accuracy,{s.count},{s.mean},{s.version},support/helpdesk" for s in SAMPLES]
    file = path / "history.csv"
    file.write_text("\n".join(["time,metric,count,mean,version,agent", *rows]) + "\n")
    return file


def lines_file(path: Path) -> Path:
    rows = [
        {"time": s.time + 1800, "metric": "accuracy", "count": s.count, "total": s.total, "version": "7"}
        | {"agent": "support/helpdesk"}
        for s in reversed(SAMPLES)
    ]
    file = path / "history.jsonl"
    file.write_text("\n\n".join(map(json.dumps, rows)))
    return file


def cloudwatch_file(path: Path) -> Path:
    file = path / "history.json"
    file.write_text(json.dumps(cloudwatch(), indent=4))
    return file


def cloudwatch() -> dict[str, Any]:
    """As the aws CLI prints it: the newest first, the second page of the counts as a result of its own."""
    newest = SAMPLES[::-1]
    times = [stamp(s.time) for s in newest]

    def result(name: str, first: int, last: int, values: list[float]) -> dict[str, Any]:
        told = {"Id": name, "Label": name, "StatusCode": "Complete"}
        return {**told, "Timestamps": times[first:last], "Values": values[first:last]}

    counts = [float(s.count) for s in newest]
    return {
        "MetricDataResults": [
            result("accuracy", 0, len(times), [s.mean for s in newest]),
            result("accuracy_count", 0, 100, counts),
            result("accuracy_count", 100, len(times), counts),
        ],
        "Messages": [],
    }


FORMATS = pytest.mark.parametrize("write", [csv_file, lines_file, cloudwatch_file])


@FORMATS
def test_each_format_is_read_as_the_same_history(write: Callable[[Path], Path], tmp_path: Path) -> None:
    (series,) = read(write(tmp_path))
    assert series.metric == "accuracy"
    assert series.agent == ("" if write is cloudwatch_file else "support/helpdesk")
    version = "" if write is cloudwatch_file else "7"
    assert [(s.time, s.count, round(s.total, 6), s.version) for s in series.samples] == [
        (s.time, s.count, s.total, version) for s in SAMPLES
    ]


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["drift", "replay", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout + result.stderr


@FORMATS
def test_it_shows_what_would_have_alarmed_when_and_why(write: Callable[[Path], Path], tmp_path: Path) -> None:
    code, text = said(str(write(tmp_path)))
    assert code == 0
    name = "accuracy" if write is cloudwatch_file else "support/helpdesk accuracy"
    assert f"2026-10-12 08:00  {name}: drift, to the end, score up to 1.50" in text
    assert "accuracy 0.80 over 175 sessions since Mon 12 Oct 00:00 UTC, baseline 0.92 ± 0.041" in text
    code, text = said(str(write(tmp_path)), "--json")
    (told,) = json.loads(text)
    (alarm,) = told["alarms"]
    assert (code, told["state"], told["samples"]) == (0, "drift", len(SAMPLES))
    assert (alarm["from"], alarm["until"], alarm["state"]) == (MONDAY + (14 * 24 + 8) * HOUR, None, "drift")
    assert told["baseline"]["level"] == pytest.approx(0.92)
    assert sum(told["hours"].values()) == HOURS


def test_a_tolerance_is_tried_on_the_past(tmp_path: Path) -> None:
    file = csv_file(tmp_path)
    assert "no alarm" in said(str(file), "--tolerance", "accuracy=0.4")[1]
    assert "drift" in said(str(file), "--tolerance", "accuracy=0.1")[1]


def test_a_stretch_without_samples_is_silence_and_ends(tmp_path: Path) -> None:
    (series,) = read(csv_file(tmp_path))
    gap = [s for s in series.samples if not 10 * 24 <= (s.time - MONDAY) // HOUR < 11 * 24]
    (silence, drift) = replay(type(series)("", "accuracy", gap)).alarms
    assert (silence.began.state, silence.began.time) == ("silent", MONDAY + (10 * 24 + 3) * HOUR)
    assert silence.until == MONDAY + (11 * 24 + 1) * HOUR
    assert drift.began.state == "drift"


def test_rows_of_an_hour_are_added_up_and_metrics_kept_apart(tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    file.write_text(
        "time,metric,count,total\n2026-11-02T09:00Z,error_rate,4,1\n2026-11-02T09:59Z,error_rate,6,2\n"
        "2026-11-02T11:00+02:00,accuracy,1,1\n"
    )
    found = {series.metric: series.samples for series in read(file)}
    nine = int(datetime(2026, 11, 2, 9, tzinfo=UTC).timestamp())
    assert found == {"error_rate": [Sample(nine, 10, 3.0)], "accuracy": [Sample(nine, 1, 1.0)]}


def test_a_file_that_names_no_metric_is_told_which_it_is(tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    file.write_text("time,count,mean\n2026-11-02T09:00,4,0.5\n")
    assert said(str(file), "--metric", "error_rate")[0] == 0
    assert (
        "learning its baseline: 4 of 200 calls, 0 of 7 days" in said(str(file), "--metric", "error_rate")[1]
    )
    assert f"{file}:2: which metric is it? Give a metric in the file, or --metric" in said(str(file))[1]


def test_only_the_metrics_asked_for_are_replayed(tmp_path: Path) -> None:
    code, text = said(str(csv_file(tmp_path)), "--metric", "error_rate")
    assert (code, "has no error_rate; it has accuracy" in text) == (1, True)


LINE = '{"time": 1, "metric": "accuracy", "count": 1, "mean": 1}'
HEAD = "time,metric,count,mean\n"
ROW = "2026-11-02T09:00Z,accuracy,4,0.5"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("h.txt", "", ": of which kind is it? Its name must end in one of .csv, .jsonl, .ndjson, .json"),
        ("h.csv", b"\xff\xfe\x00", ": cannot be read: it is not UTF-8 text"),
        ("h.csv", "", ": holds no measurements"),
        ("h.csv", HEAD, ": holds no measurements"),
        ("h.csv", f"time,metrik,count,mean\n{ROW}\n", ":1: unknown column 'metrik'. Known: time, metric, count, mean, "
         'total, version, agent. Did you mean "metric"?'),
        ("h.csv", f"{HEAD}{ROW}\n{ROW},9\n", ":3: has not as many fields as the first line has names"),
        ("h.csv", f"{HEAD}{ROW}\n2026,accuracy\n", ":3: has not as many fields"),
        ("h.csv", f'{HEAD}"x"y,accuracy,1,1\n', ":2: is no CSV: "),
        ("h.csv", f"{HEAD}\n02/11/2026,accuracy,4,0.5\n", ":3: time '02/11/2026' is no time: give 2026-"),
        ("h.csv", f"{HEAD}2026-11-02,acuracy,4,0.5\n", ":2: unknown metric 'acuracy'. Known: accuracy, "),
        ("h.csv", f"{HEAD}2026-11-02,accuracy,many,0.5\n", ":2: count 'many' is no number"),
        ("h.csv", f"{HEAD}2026-11-02,accuracy,4.5,0.5\n", ":2: count 4.5 is no whole number"),
        ("h.csv", f"{HEAD}2026-11-02,accuracy,0,0\n", ":2: accuracy: 0 sessions; leave out an hour"),
        ("h.csv", f"{HEAD}2026-11-02,accuracy,4,nan\n", ":2: mean 'nan' is no number"),
        ("h.csv", f"{HEAD}2026-11-02,accuracy,4,92\n", ":2: accuracy of 92: a rate lies between 0 and 1"),
        ("h.csv", f"{HEAD}2026-11-02,cost_per_task,4,0\n", ":2: cost per task of 0: it must be more than 0"),
        ("h.csv", "time,metric,count\n2026-11-02,accuracy,4\n", ":2: give either mean or total"),
        ("h.csv", "time,metric,count,mean,total\n2026-11-02,accuracy,4,1,4\n", ":2: give either mean or total"),
        ("h.csv", "time,metric,mean\n2026-11-02,accuracy,1\n", ":2: has no count"),
        ("h.jsonl", f'{LINE}\n{{"time":', ":2: is no JSON: Expecting value"),
        ("h.jsonl", "[1]\n", ":1: must be an object such as"),
        ("h.jsonl", '{"tme": 1}\n', ":1: unknown key 'tme'. Known: time, "),
        ("h.jsonl", '{"time": true, "metric": "accuracy", "count": 1, "mean": 1}', ":1: time True is no time"),
        ("h.jsonl", '{"time": 1e99, "metric": "accuracy", "count": 1, "mean": 1}', ":1: time 1e+99 is no time"),
        ("h.jsonl", '{"time": 1, "metric": "accuracy", "count": true, "mean": 1}', ":1: count True is no number"),
        ("h.jsonl", '{"time": 1, "metric": ["accuracy"], "count": 1, "mean": 1}', ":1: unknown metric ['accuracy']"),
        ("h.json", '{\n"MetricDataResults": [\n}', ":3: is no JSON: "),
        ("h.json", '{"time": 1}\n{}', ":2: is no JSON: Extra data (a file with one object a line ends in .jsonl)"),
        ("h.json", '{"Datapoints": []}', ": has no MetricDataResults, as aws cloudwatch get-metric-data prints them"),
        ("h.json", '{"MetricDataResults": []}', ": holds no measurements"),
        ("h.json", '{"MetricDataResults": [{"Id": "accuracy", "Timestamps": [1], "Values": []}]}',
         ": MetricDataResults[0] needs Timestamps and Values, as many of each"),
        ("h.json", '{"MetricDataResults": [7]}', ": MetricDataResults[0] needs Timestamps and Values"),
        ("h.json", '{"MetricDataResults": [{"Id": "m1", "Timestamps": [1], "Values": [1]}]}',
         ": result 'm1' is no metric. Its results are told apart by their Id"),
        ("h.json", '{"MetricDataResults": [{"Id": "accuracy", "Timestamps": [1], "Values": [1]}]}',
         ": result 'accuracy' has no accuracy_count beside it"),
        ("h.json", '{"MetricDataResults": [{"Id": "accuracy", "Timestamps": [1], "Values": [1]}, '
         '{"Id": "accuracy_count", "Timestamps": [2], "Values": [1]}]}', ": accuracy_count has no value at 1, where"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_its_line(
    name: str, content: str | bytes, message: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    code, text = said(str(file))
    assert code == 1
    assert text.startswith(f"error: {file}{message}"), text


def test_a_file_that_is_not_there_and_wrong_options(tmp_path: Path) -> None:
    assert "cannot be read: No such file or directory" in said(str(tmp_path / "none.csv"))[1]
    file = str(csv_file(tmp_path))
    for options, message in (
        (("--metric", "acuracy"), 'Did you mean "accuracy"?'),
        (("--tolerance", "acuracy=1"), 'Did you mean "accuracy"?'),
        (("--tolerance", "accuracy"), "give a share of the baseline above 0, such as accuracy=0.1"),
        (("--tolerance", "accuracy=nan"), "give a share"),
        (("--tolerance", "accuracy=-1"), "give a share"),
    ):
        code, text = said(file, *options)
        assert (code, message in text) == (2, True), text


def test_silence_in_the_midst_of_drift_is_an_alarm_of_its_own(tmp_path: Path) -> None:
    (series,) = read(csv_file(tmp_path))
    gap = [s for s in series.samples if not 17 * 24 <= (s.time - MONDAY) // HOUR < 18 * 24]
    alarms = replay(type(series)("", "accuracy", gap)).alarms
    assert [alarm.began.state for alarm in alarms] == ["drift", "silent", "drift"]
    assert [alarm.until for alarm in alarms[:2]] == [alarm.began.time for alarm in alarms[1:]]
