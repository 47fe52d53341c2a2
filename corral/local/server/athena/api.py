"""Athena's operations: those on queries here, all others passed on to moto."""

import json
from datetime import UTC, datetime
from typing import Any

from moto.athena.models import AthenaBackend, athena_backends
from moto.athena.responses import AthenaResponse
from moto.core.request import Request
from moto.s3.models import s3_backends

from corral.local.server.athena import named_queries
from corral.local.server.athena.engine import CATALOG, Query
from corral.local.server.athena.executions import Execution, check_object, executions
from corral.local.server.core import AwsError, Call, not_implemented

MAX_QUERY = 262144  # bytes
MAX_RESULTS = 1000
_MAX_LISTED = 50


def handle(call: Call) -> dict[str, Any]:
    """Answer one call. Raises AwsError: InvalidRequestException, AccessDeniedException, NotImplemented."""
    operation = _OPERATIONS.get(call.operation)
    return operation(call) if operation is not None else _moto(call)


def _start(call: Call) -> dict[str, Any]:
    params, aws = call.params, call.aws
    name = params.get("WorkGroup") or "primary"
    with aws.moto_lock:
        workgroup = _backend(call).get_work_group(name)
    if workgroup is None:
        raise _invalid(f"WorkGroup {name} is not found.")
    if workgroup["State"] != "ENABLED":
        raise _invalid(f"WorkGroup {name} is disabled.")
    aws.authorize(call.caller, "athena:StartQueryExecution", _workgroup_arn(call, name))
    context = params.get("QueryExecutionContext") or {}
    if (context.get("Catalog") or CATALOG).lower() != CATALOG:
        raise _invalid(f"the local Athena has one catalog, AwsDataCatalog, and not {context['Catalog']}")
    if len(params["QueryString"].encode()) > MAX_QUERY:
        raise _invalid(f"Query string is longer than {MAX_QUERY} bytes")
    configuration = workgroup["Configuration"] or {}
    cutoff = configuration.get("BytesScannedCutoffPerQuery")
    query = Query(
        aws,
        call.caller,
        params["QueryString"],
        context.get("Database"),
        tuple(params.get("ExecutionParameters") or ()),
        None if cutoff is None else int(cutoff),
    )
    location = _output_location(call, configuration)
    started = executions(_backend(call)).start(query, name, location, params.get("ClientRequestToken"))
    return {"QueryExecutionId": started.id}


def _output_location(call: Call, configuration: dict[str, Any]) -> str:
    of_workgroup = (configuration.get("ResultConfiguration") or {}).get("OutputLocation")
    asked = (call.params.get("ResultConfiguration") or {}).get("OutputLocation")
    enforced = configuration.get("EnforceWorkGroupConfiguration", True)
    location: str | None = of_workgroup if enforced and of_workgroup else asked or of_workgroup
    if not location:
        raise _invalid(
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input."
        )
    bucket = location.removeprefix("s3://").partition("/")[0]
    with call.aws.moto_lock:
        exists = bucket in s3_backends[call.aws.account]["aws"].buckets
    if not location.startswith("s3://") or not exists:
        raise _invalid(f"Unable to verify/create output bucket {bucket}")
    return location


def _get(call: Call) -> dict[str, Any]:
    return {"QueryExecution": _find(call).describe()}


def _batch_get(call: Call) -> dict[str, Any]:
    found, unknown = [], []
    for query_id in call.params["QueryExecutionIds"]:
        try:
            execution = executions(_backend(call)).get(query_id)
        except AwsError as error:
            missing = {"QueryExecutionId": query_id, "ErrorCode": error.code, "ErrorMessage": error.message}
            unknown.append(missing)
        else:
            _authorize(call, execution)
            found.append(execution.describe())
    return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": unknown}


def _stop(call: Call) -> dict[str, Any]:
    _find(call).cancel()
    return {}


def _list(call: Call) -> dict[str, Any]:
    every = executions(_backend(call)).of_workgroup(call.params.get("WorkGroup") or "primary")
    ids, token = _page(every, call.params, _MAX_LISTED)
    return {"QueryExecutionIds": ids} | token


def _results(call: Call) -> dict[str, Any]:
    execution = _find(call)
    if execution.state in ("QUEUED", "RUNNING"):
        raise _invalid(f"Query has not yet finished. Current state: {execution.state}")
    if execution.state != "SUCCEEDED":
        raise _invalid(f"Query did not finish successfully. Final query state: {execution.state}")
    # Athena reads the result object as whoever asks for it.
    check_object(call.aws, call.caller, "s3:GetObject", execution.output)
    names: list[str | None] = [column["Name"] for column in execution.result.columns]
    rows, token = _page([names, *execution.result.rows], call.params, MAX_RESULTS)
    data = [{"Data": [{} if text is None else {"VarCharValue": text} for text in row]} for row in rows]
    metadata = {"ColumnInfo": execution.result.columns}
    return {"UpdateCount": 0, "ResultSet": {"Rows": data, "ResultSetMetadata": metadata}} | token


def _update_workgroup(call: Call) -> dict[str, Any]:
    params = call.params
    with call.aws.moto_lock:
        workgroup = _backend(call).work_groups.get(params["WorkGroup"])
        if workgroup is None:
            raise _invalid(f"WorkGroup {params['WorkGroup']} is not found.")
        workgroup.description = params.get("Description", workgroup.description)
        workgroup.state = params.get("State", workgroup.state)
        _merge(workgroup.configuration, params.get("ConfigurationUpdates") or {})
    return {}


def _merge(configuration: dict[str, Any], updates: dict[str, Any]) -> None:
    """Apply an update: `Remove<Name>` takes a setting away, `<Name>Updates` changes one within, others set it."""
    for name, value in updates.items():
        if name.startswith("Remove"):
            if value:
                configuration.pop(name.removeprefix("Remove"), None)
        elif name.endswith("Updates"):
            _merge(configuration.setdefault(name.removesuffix("Updates"), {}), value)
        else:
            configuration[name] = value


_OPERATIONS = {
    "StartQueryExecution": _start,
    "GetQueryExecution": _get,
    "BatchGetQueryExecution": _batch_get,
    "StopQueryExecution": _stop,
    "ListQueryExecutions": _list,
    "GetQueryResults": _results,
    "UpdateWorkGroup": _update_workgroup,
    "GetNamedQuery": named_queries.get,
    "BatchGetNamedQuery": named_queries.batch_get,
    "UpdateNamedQuery": named_queries.update,
    "DeleteNamedQuery": named_queries.delete,
}


def _find(call: Call) -> Execution:
    execution = executions(_backend(call)).get(call.params["QueryExecutionId"])
    _authorize(call, execution)
    return execution


def _authorize(call: Call, execution: Execution) -> None:
    """An execution belongs to its workgroup: that is what a policy names."""
    arn = _workgroup_arn(call, execution.workgroup)
    call.aws.authorize(call.caller, f"athena:{call.operation}", arn)


def _page(items: list[Any], params: dict[str, Any], most: int) -> tuple[list[Any], dict[str, str]]:
    try:
        start = int(params.get("NextToken") or 0)
    except ValueError:
        raise _invalid("Invalid NextToken") from None
    count = int(params.get("MaxResults") or most)
    if not 1 <= count <= most:
        raise _invalid(f"MaxResults is more than maximum allowed length {most}")
    end = start + count
    return items[start:end], {"NextToken": str(end)} if end < len(items) else {}


def _backend(call: Call) -> AthenaBackend:
    return athena_backends[call.aws.account][call.aws.region]


def _workgroup_arn(call: Call, name: str) -> str:
    return f"arn:aws:athena:{call.aws.region}:{call.aws.account}:workgroup/{name}"


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)


def _moto(call: Call) -> dict[str, Any]:
    """Run an operation of moto's Athena in this process."""
    headers = {
        "X-Amz-Target": f"AmazonAthena.{call.operation}",
        "Content-Type": "application/x-amz-json-1.1",
        "x-moto-account-id": call.aws.account,
    }
    url = f"http://athena.{call.aws.region}.amazonaws.com/"
    request = Request.from_primitives("POST", url, headers, json.dumps(call.params).encode())
    try:
        with call.aws.moto_lock:
            status, _, answer = AthenaResponse.dispatch(request, url, request.headers)
    except NotImplementedError:
        raise not_implemented("athena", call.operation) from None
    output: dict[str, Any] = json.loads(answer or "{}")
    if status >= 400:
        message = output.get("Message") or output.get("message") or ""
        raise AwsError(str(output.get("__type", "InvalidRequestException")).split("#")[-1], message, status)
    return {name: _with_times(value) for name, value in output.items()}


def _with_times(value: Any, name: str = "") -> Any:
    """Turn moto's epoch numbers into times, which the serializer wants."""
    if isinstance(value, dict):
        return {key: _with_times(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_times(each) for each in value]
    if name.endswith("Time") and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return value
