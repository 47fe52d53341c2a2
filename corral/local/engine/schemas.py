"""CloudFormation resource schemas, and the spelling Pulumi gives their names.

The schemas are the JSON files cfn-lint ships; cfn-lint itself is not imported (it takes a second).
"""

import json
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import regex

from corral.local.engine.model import EngineError

Schema = dict[str, Any]

_MODULE_OVERRIDES = {"configuration": "config"}  # aws-native calls AWS::Config `configuration`
# A run of two or more capitals; the last one starts the next word if a lower-case letter other than a
# plural's s follows (DBClusterArn, but VPCs and ARNs).
_ACRONYM = regex.compile(
    r"[A-Z]{2,}(?=[A-Z][a-z])(?![A-Z]s(?![a-z]))|[A-Z]{2,}(?=s(?![a-z]))|[A-Z]{2,}(?![a-z])"
)


@lru_cache(maxsize=1)
def _folder() -> Path:
    spec = find_spec("cfnlint")
    if spec is None or spec.origin is None:
        raise EngineError("cfn-lint is not installed; it carries the CloudFormation schemas")
    return Path(spec.origin).parent / "data" / "schemas"


@lru_cache(maxsize=8)
def _index(region: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Map (service, type), in lower case, to the CloudFormation type name and its schema file."""
    file = _folder() / "providers" / f"{region}.json"
    if not file.is_file():
        raise EngineError(f"cfn-lint carries no CloudFormation types for region {region}")
    index = {}
    for name, digest in json.loads(file.read_text()).items():
        parts = name.split("::")
        if len(parts) == 3 and parts[0] == "AWS":
            index[parts[1].lower(), parts[2].lower()] = (name, digest)
    return index


def find(token: str, region: str) -> tuple[str, Schema]:
    """Return the CloudFormation type name and schema of `aws-native:<module>:<Type>`.

    Raises EngineError when the region has no such type.
    """
    _, module, type_name = token.split(":")
    key = _MODULE_OVERRIDES.get(module, module), type_name.lower()
    if key not in _index(region):
        raise EngineError(f"there is no CloudFormation type for {token} in {region}")
    name, digest = _index(region)[key]
    return name, _load(digest)


@cache
def _load(digest: str) -> Schema:
    schema: Schema = json.loads((_folder() / "resources" / f"{digest}.json").read_text())
    return schema


@cache
def sdk_name(name: str, *, top: bool = False) -> str:
    """Return Pulumi's spelling of a CloudFormation property: KMSKeyId is kmsKeyId, VPCs is vpcs.

    A resource's own `Id` is awsId, since `id` is Pulumi's.
    """
    if top and name == "Id":
        return "awsId"
    words = _ACRONYM.sub(lambda match: match.group()[0] + match.group()[1:].lower(), name)
    return words[:1].lower() + words[1:]
