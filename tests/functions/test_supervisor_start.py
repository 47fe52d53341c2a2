"""What the supervisor imports when it starts: a cold start holds up an agent, so that nothing comes in unnoticed."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# boto3 and Powertools with what they need. What else is imported is the standard library's or the supervisor's own.
PACKAGES = {
    *("boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "six", "certifi"),
    *("aws_lambda_powertools", "typing_extensions"),
}
MOST_MODULES = 460  # with the interpreter's own; benchmarks/supervisor.py says what they take
IMPORT = """
import json, sys
sys.path[:0] = sys.argv[1:]
import functions.supervisor.handler
files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
print(json.dumps(files))
"""


def test_the_supervisor_imports_what_it_needs_and_no_more() -> None:
    site = next(path for path in sys.path if path.endswith("site-packages"))
    command = [sys.executable, "-I", "-S", "-c", IMPORT, str(ROOT), site]
    files = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    installed = {name.partition(".")[0] for name, file in files.items() if file.startswith(site)}
    assert installed <= PACKAGES
    assert {name for name in files if name.startswith("functions.")} >= {"functions.supervisor.records"}
    assert not any(name.startswith("functions.front_door") for name in files)
    assert len(files) <= MOST_MODULES
