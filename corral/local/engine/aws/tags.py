"""Tags: Pulumi's are a map, most of AWS's a list of pairs."""

from typing import Any

from corral.local.engine.inputs import Inputs

Tags = dict[str, str]


def take_tags(inputs: Inputs) -> Tags:
    """Take a resource's tags, {} when it has none."""
    tags: Tags = inputs.take("tags") or {}
    return tags


def as_list(tags: Tags, key: str = "Key", value: str = "Value") -> list[dict[str, str]] | None:
    """Return tags as AWS's list of pairs, or None when there are none."""
    return [{key: name, value: tags[name]} for name in sorted(tags)] or None


def outputs(tags: Tags) -> dict[str, Any]:
    """Return the outputs every taggable resource has."""
    return {"tagsAll": tags}
