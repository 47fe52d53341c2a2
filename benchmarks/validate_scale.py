"""What `corral validate` costs at scale: time, processor time, peak memory, and rendering one agent when warm.

    python benchmarks/validate_scale.py                        # 1,000 agents in 200 team files
    python benchmarks/validate_scale.py --agents 5000 --teams 500
    python benchmarks/validate_scale.py --keep /tmp/large      # leave the environment there to look at

Writes an environment into a temporary folder, of this project's own tools, templates and domains, and runs the
real command on it in a process of its own, several times; the best of them counts.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

ROOT = Path(__file__).parents[1]
_RUNS = 3
_VERBS = ("Answers", "Summarises", "Checks", "Prepares", "Compares", "Sorts", "Explains", "Reports", "Drafts")
_THINGS = (
    "travel claims", "supplier contracts", "warranty cases", "delivery dates", "price lists", "shift plans",
    "spare parts", "training courses", "meeting notes", "safety audits", "customs papers", "leave requests",
    "test results", "market news", "energy bills", "rental cars", "job adverts", "patent filings",
    "recipe changes", "store openings", "tax letters", "fleet repairs", "press questions", "event bookings",
)  # fmt: skip
_PLACES = (
    "Austria", "Bavaria", "Chile", "Denmark", "Estonia", "Flanders", "Ghana", "Hungary", "Iceland", "Japan",
    "Kenya", "Latvia", "Morocco", "Norway", "Oregon", "Portugal", "Quebec", "Romania", "Sicily", "Tyrol",
)  # fmt: skip
_PEOPLE = ("the board", "new colleagues", "the night shift", "auditors", "store managers", "the help line")


def main() -> None:
    """Write the environment, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--teams", type=int, default=200)
    parser.add_argument("--keep", type=Path, metavar="DIR")
    options = parser.parse_args()
    if options.keep is not None and options.keep.exists():
        parser.error(f"{options.keep} is there already")
    kept = tempfile.TemporaryDirectory() if options.keep is None else nullcontext(options.keep)
    with kept as folder:
        project = Path(folder) / "project" if options.keep is None else options.keep
        write(project, options.agents, options.teams)
        runs = [validate(project) for _ in range(_RUNS)]
        print(f"{options.agents:,} agents in {options.teams:,} team files; the best of {_RUNS} runs")
        print(f"{'corral validate, wall':40} {min(run[0] for run in runs):.2f} s")
        print(f"{'corral validate, processor':40} {min(run[1] for run in runs):.2f} s")
        print(f"{'corral validate, peak memory':40} {min(run[2] for run in runs):.0f} MiB")
        median, slowest = render(project)
        print(f"{'resolving and rendering one agent, warm':40} {median:.2f} ms, slowest {slowest:.2f} ms")


def write(project: Path, agents: int, teams: int) -> None:
    """Write an environment `scale` of so many agents, beside this project's own tools and templates."""
    chance = random.Random(1)
    folder = project / "stacks/scale"
    (folder / "teams").mkdir(parents=True)
    shutil.copy(ROOT / "Pulumi.yaml", project)
    shutil.copytree(ROOT / "functions", project / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "templates", project / "templates")
    shutil.copytree(ROOT / "stacks/dev/data", folder / "data")
    shutil.copytree(ROOT / "stacks/dev/domains", folder / "domains")
    names = [f"team-{number:04}" for number in range(teams)]
    for path in (folder / "domains").iterdir():
        lines = path.read_text(encoding="utf-8").splitlines()
        readers = f"readers: [{', '.join(names)}]"
        path.write_text("\n".join(readers if line.startswith("readers:") else line for line in lines))
    platform = (ROOT / "stacks/dev/platform.yaml").read_text(encoding="utf-8")
    named = "environment: scale\nlambda_concurrency: 1000000"  # what so many agents reserve
    (folder / "platform.yaml").write_text(platform.replace("environment: dev", named))
    for number, name in enumerate(names):
        of_team = agents * (number + 1) // teams - agents * number // teams
        (folder / f"teams/{name}.yaml").write_text(_team(name, of_team, chance), encoding="utf-8")


def _team(name: str, agents: int, chance: random.Random) -> str:
    head = f"""apiVersion: corral/v1
team: {name}
owner: {{name: Owners of {name}, email: {name}@example.com, on_call: {name}-oncall@example.com}}
cost: {{center: cc-{name}, monthly_budget_usd: 400}}
members:
  operators: ["arn:aws:iam::111122223333:role/{name}-staff"]
  approvers: ["arn:aws:iam::111122223333:role/{name}-lead"]
agents:
"""
    return head + "".join(_agent(number, chance) for number in range(agents))


def _agent(number: int, chance: random.Random) -> str:
    if number % 5 == 4:
        product = f"{chance.choice(_PLACES)} {chance.choice(_THINGS)} {chance.randrange(1000)}"
        return f"""  - name: agent-{number}
    template: customer-support@1
    stage: experiment
    parameters: {{product: "{product}", domain: support-docs, tone: friendly}}
    tools: [knowledge-search, ticket-create, refund-issue]
    approval: [{{tool: refund-issue, when: "amount_cents > 5000"}}]
    limits: {{cost_per_task_usd: 0.15}}
"""
    first, second = chance.sample(_THINGS, 2)
    purpose = f"{chance.choice(_VERBS)} {first} and {second} in {chance.choice(_PLACES)}."
    return f"""  - name: agent-{number}
    template: blank@1
    stage: experiment
    parameters:
      purpose: {purpose}
      audience: {chance.choice(_PEOPLE)}
      domain: {chance.choice(("finance-policies", "support-docs"))}
    tools: [knowledge-search{chance.choice(("", ", ticket-create", ", web-search"))}]
    limits: {{max_iterations: 8}}
"""


def validate(project: Path) -> tuple[float, float, float]:
    """Run the command in a new process. Returns wall seconds, processor seconds, peak MiB."""
    command = [sys.executable, "-c", "from corral.cli.main import run; run()", "validate", "scale", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    (result,) = json.loads(said)["environments"]
    if not result["valid"]:
        sys.exit(f"The environment is not valid: {result['errors'][:3]}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def render(project: Path) -> tuple[float, float]:
    """Time the resolving of each agent, prompt and all. Returns milliseconds: median, slowest."""
    program = """
import json, pathlib, time
from corral.spec import load
took, resolve = [], load.resolve_agent
def timed(*arguments):
    began = time.perf_counter()
    agent = resolve(*arguments)
    took.append((time.perf_counter() - began) * 1000)
    return agent
load.resolve_agent = timed
load.load_environment(pathlib.Path("stacks/scale"))
print(json.dumps(took))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    took = sorted(json.loads(done.stdout))[:-2]  # the first of each of two templates also reads it
    return statistics.median(took), max(took)


if __name__ == "__main__":
    main()
