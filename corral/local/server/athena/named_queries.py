"""Athena's operations on named queries: moto keeps them, but neither changes nor deletes one, nor misses one."""

from typing import Any

from moto.athena.models import AthenaBackend, NamedQuery, athena_backends

from corral.local.server.core import AwsError, Call


def get(call: Call) -> dict[str, Any]:
    """GetNamedQuery."""
    return {"NamedQuery": _described(_find(call, "GetNamedQuery", call.params["NamedQueryId"]))}


def batch_get(call: Call) -> dict[str, Any]:
    """BatchGetNamedQuery."""
    found, missing = [], []
    for query_id in call.params["NamedQueryIds"]:
        try:
            found.append(_described(_find(call, "BatchGetNamedQuery", query_id)))
        except AwsError as error:
            if error.code != "InvalidRequestException":
                raise
            missing.append({"NamedQueryId": query_id, "ErrorCode": error.code, "ErrorMessage": error.message})
    return {"NamedQueries": found, "UnprocessedNamedQueryIds": missing}


def update(call: Call) -> dict[str, Any]:
    """UpdateNamedQuery."""
    query = _find(call, "UpdateNamedQuery", call.params["NamedQueryId"])
    with call.aws.moto_lock:
        query.name, query.query_string = call.params["Name"], call.params["QueryString"]
        query.description = call.params.get("Description", query.description)
    return {}


def delete(call: Call) -> dict[str, Any]:
    """DeleteNamedQuery."""
    query = _find(call, "DeleteNamedQuery", call.params["NamedQueryId"])
    with call.aws.moto_lock:
        _backend(call).named_queries.pop(query.id, None)
    return {}


def _find(call: Call, operation: str, query_id: str) -> NamedQuery:
    """Look a query up for a caller who may do this with queries of its workgroup."""
    with call.aws.moto_lock:
        query = _backend(call).named_queries.get(query_id)
    if query is None:
        raise AwsError("InvalidRequestException", f"NamedQuery {query_id} was not found")
    workgroup = f"arn:aws:athena:{call.aws.region}:{call.aws.account}:workgroup/{query.workgroup.name}"
    call.aws.authorize(call.caller, f"athena:{operation}", workgroup)
    return query


def _described(query: NamedQuery) -> dict[str, Any]:
    described = {
        "Name": query.name,
        "Description": query.description,
        "Database": query.database,
        "QueryString": query.query_string,
        "NamedQueryId": query.id,
        "WorkGroup": query.workgroup.name,
    }
    return {key: value for key, value in described.items() if value is not None}


def _backend(call: Call) -> AthenaBackend:
    return athena_backends[call.aws.account][call.aws.region]
