"""The resources made through Cloud Control, in memory, made and changed as their schemas and kinds say."""

from __future__ import annotations

import copy
import threading
from datetime import UTC, datetime
from typing import Any

from corral.local.server.cloudcontrol.hooks import HOOKS, Hooks
from corral.local.server.cloudcontrol.kinds import KINDS, Kind
from corral.local.server.cloudcontrol.schema import ResourceSchema, schema_of
from corral.local.server.core import AwsError, LocalAws, Properties

# Named here because the class below has a method of that name.
Listed = list[Properties]

_HARNESS = "AWS::BedrockAgentCore::Harness"


class ResourceStore:
    """core.Store of one local AWS. Safe to use from many threads."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.lock = threading.RLock()
        self._resources: dict[str, dict[str, Properties]] = {}
        # Immutable snapshots of harnesses and guardrails, by ARN and version.
        self._versions: dict[str, dict[str, Properties]] = {}

    def get(self, type_name: str, identifier: str) -> Properties:
        """Return one resource, by primary identifier, ARN, or another identifier of its schema."""
        with self.lock:
            return copy.deepcopy(self._found(type_name, identifier)[1])

    def list(self, type_name: str) -> Listed:
        """Return all resources of a type, oldest first."""
        with self.lock:
            return copy.deepcopy([*self._resources.get(type_name, {}).values()])

    def find(self, type_name: str, **equal: Any) -> Properties | None:
        """Return the first resource whose properties equal the given ones."""
        with self.lock:
            for properties in self._resources.get(type_name, {}).values():
                if all(properties.get(name) == value for name, value in equal.items()):
                    return copy.deepcopy(properties)
        return None

    def create(self, type_name: str, properties: Properties) -> Properties:
        """Validate against AWS's schema, create, and return with read-only properties filled."""
        schema, kind, hooks = self._type(type_name)
        schema.refuse_read_only(properties)
        schema.validate(properties)
        with self.lock:
            new = hooks.prepare(self.aws, self, copy.deepcopy(properties))
            identifier = kind.make_id(new)
            new[kind.id_property] = identifier
            if kind.arn_property is not None:
                arn = kind.arn.format(id=identifier, **new)
                new[kind.arn_property] = f"arn:aws:{kind.service}:{self.aws.region}:{self.aws.account}:{arn}"
            for name, value in kind.statics:
                new.setdefault(name, value)
            if kind.status is not None:
                new.setdefault("Status", kind.status)
            if kind.dated:
                new["CreatedAt"] = new["UpdatedAt"] = _now()
            self._refuse_duplicate(type_name, kind, new)
            hooks.settle(self.aws, self, new, None)
            # What was filled in must be what AWS itself could have filled in.
            schema.validate(new)
            self._resources.setdefault(type_name, {})[identifier_of(schema, new)] = new
            if type_name == _HARNESS:
                self._snapshot(new["Arn"], new["Version"], new)
            return copy.deepcopy(new)

    def update(self, type_name: str, identifier: str, properties: Properties) -> Properties:
        """Replace the writable properties; AwsError NotUpdatableException if a create-only one changes."""
        schema, kind, hooks = self._type(type_name)
        with self.lock:
            key, before = self._found(type_name, identifier)
            after = copy.deepcopy(properties)
            schema.refuse_changes(before, after)
            writable = schema.without_read_only(after)
            schema.validate(writable)
            if writable == schema.without_read_only(before):
                return copy.deepcopy(before)
            new = _merged(before, writable, schema)
            if kind.dated:
                new["UpdatedAt"] = _now()
            hooks.settle(self.aws, self, new, before)
            schema.validate(new)
            self._resources[type_name][key] = new
            if type_name == _HARNESS:
                self._snapshot(new["Arn"], new["Version"], new)
            return copy.deepcopy(new)

    def set_read_only(self, type_name: str, identifier: str, **values: Any) -> Properties:
        """Set what only AWS sets, as a control plane's own operation does (a record's status, say)."""
        with self.lock:
            properties = self._found(type_name, identifier)[1]
            properties.update(values, UpdatedAt=_now())
            return copy.deepcopy(properties)

    def delete(self, type_name: str, identifier: str) -> None:
        """Delete one resource."""
        _, _, hooks = self._type(type_name)
        with self.lock:
            key, properties = self._found(type_name, identifier)
            hooks.deleting(self.aws, self, properties)
            del self._resources[type_name][key]
            self._versions.pop(key, None)

    def harness_version(self, harness_arn: str, version: str) -> Properties:
        """Return a harness as it was when that version was made."""
        return self._version(harness_arn, version)

    def harness_versions(self, harness_arn: str) -> Listed:
        """Return a harness's versions, oldest first."""
        with self.lock:
            return copy.deepcopy([*self._versions.get(harness_arn, {}).values()])

    def guardrail_version(self, guardrail_arn: str, version: str) -> Properties:
        """Return a guardrail as it was when that version was made; `DRAFT` is how it is now."""
        if version == "DRAFT":
            return self.get("AWS::Bedrock::Guardrail", guardrail_arn)
        return self._version(guardrail_arn, version)

    def remember_guardrail(self, guardrail_arn: str) -> str:
        """Make the guardrail's next version from how it is now; return the version."""
        with self.lock:
            guardrail = self.get("AWS::Bedrock::Guardrail", guardrail_arn)
            version = str(len(self._versions.get(guardrail_arn, {})) + 1)
            self._snapshot(guardrail_arn, version, guardrail | {"Version": version})
            return version

    def _version(self, arn: str, version: str) -> Properties:
        with self.lock:
            found = self._versions.get(arn, {}).get(version)
            if found is None:
                raise AwsError("ResourceNotFoundException", f"No version {version} of {arn}", 404)
            return copy.deepcopy(found)

    def _snapshot(self, arn: str, version: str, properties: Properties) -> None:
        self._versions.setdefault(arn, {})[version] = copy.deepcopy(properties)

    def _type(self, type_name: str) -> tuple[ResourceSchema, Kind, Hooks]:
        schema = schema_of(type_name, self.aws.region)
        kind = KINDS.get(type_name)
        if kind is None:
            raise AwsError("UnsupportedActionException", f"{type_name} is not part of the local AWS", 501)
        return schema, kind, HOOKS.get(type_name, Hooks())

    def _found(self, type_name: str, identifier: str) -> tuple[str, Properties]:
        resources = self._resources.get(type_name, {})
        if identifier in resources:
            return identifier, resources[identifier]
        schema, kind, _ = self._type(type_name)
        for key, properties in resources.items():
            names = {"|".join(str(properties.get(name)) for name in names) for names in schema.additional}
            # Within its parent an id alone says nothing: only ids that are unique in the account count.
            alone = {properties.get(kind.arn_property or "")}
            if len(kind.unique) == 1:
                alone.add(properties[kind.id_property])
            if identifier in names | alone:
                return key, properties
        message = f"Resource of type '{type_name}' with identifier '{identifier}' was not found."
        raise AwsError("ResourceNotFoundException", message, 404)

    def _refuse_duplicate(self, type_name: str, kind: Kind, new: Properties) -> None:
        for other in self._resources.get(type_name, {}).values():
            if all(other.get(name) == new.get(name) for name in kind.unique):
                shown = ", ".join(f"{name} {new.get(name)}" for name in kind.unique)
                message = f"Resource of type '{type_name}' with {shown} already exists."
                raise AwsError("AlreadyExistsException", message)


def identifier_of(schema: ResourceSchema, properties: Properties) -> str:
    """Return a resource's primary identifier."""
    return "|".join(str(properties[name]) for name in schema.primary)


def _merged(before: Properties, writable: Properties, schema: ResourceSchema) -> Properties:
    """New writable properties over what there was; an unchanged one keeps its nested read-only values."""
    kept = copy.deepcopy(before)
    plain = schema.without_read_only(before)
    for name in plain:
        if name not in writable:
            del kept[name]
    for name, value in writable.items():
        if plain.get(name) != value:
            kept[name] = value
    return kept


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
