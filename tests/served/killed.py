"""A function that dies at a step of its work: its own code, in a process that ends itself there, as an outage would."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# Where the process ends: at the first request to a service, or once that is answered.
STEPS = {
    "before the read": ("DynamoDB", "before"),
    "after the read": ("DynamoDB", "after"),
    "before the record": ("Firehose", "before"),
    "after the record": ("Firehose", "after"),
    "before the answer": ("", ""),
}
DYING = """
import os, signal
from botocore.httpsession import URLLib3Session
from functions.supervisor.handler import handler as whole

SERVICE, WHEN = {service!r}, {when!r}
send, armed = URLLib3Session.send, False

def die_if(service, when):
    if armed and (service, when) == (SERVICE, WHEN):
        os.kill(os.getpid(), signal.SIGKILL)

def dying_send(self, request):
    target = request.headers.get("X-Amz-Target", b"")
    service = (target.decode() if isinstance(target, bytes) else target).partition("_")[0]
    die_if(service, "before")
    answer = send(self, request)
    die_if(service, "after")
    return answer

URLLib3Session.send = dying_send

def handler(event, context):
    global armed
    armed = event["event"] == "before_tool_call"
    answer = whole(event, context)
    die_if("", "")
    return answer
"""


@contextmanager
def killed_at(client: Any, function: str, step: str) -> Iterator[None]:
    """Have the supervisor's alias `live` point at code that dies at a step of deciding on a tool call."""
    service, when = STEPS[step]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(ROOT / "functions/__init__.py", "functions/__init__.py")
        for folder in ("common", "supervisor"):
            for path in (ROOT / "functions" / folder).rglob("*.py"):
                packed.write(path, path.relative_to(ROOT).as_posix())
        packed.writestr("dying.py", DYING.format(service=service, when=when))
    sound = client.get_alias(FunctionName=function, Name="live")["FunctionVersion"]
    handler = client.get_function_configuration(FunctionName=function)["Handler"]
    client.update_function_configuration(FunctionName=function, Handler="dying.handler")
    client.update_function_code(FunctionName=function, ZipFile=archive.getvalue())
    version = client.publish_version(FunctionName=function)["Version"]
    client.update_alias(FunctionName=function, Name="live", FunctionVersion=version)
    try:
        yield
    finally:
        client.update_function_configuration(FunctionName=function, Handler=handler)
        client.update_alias(FunctionName=function, Name="live", FunctionVersion=sound)
