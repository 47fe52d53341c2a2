"""What Corral's roles may do: every IAM action once, as grants on resources.

A resource that ends in a wildcard is named in WILDCARDS with the reason; a test reads that table.
"""

from collections.abc import Sequence

from pulumi import Input, Output

from components import actions
from components.policy_documents import Conditions, Grant
from components.site import Site

ANY = "*"

# Every grant of a role whose resource holds a wildcard, and why it cannot be narrower.
WILDCARDS = {
    "Alerts": "the rules of alerts are known by how their names begin; the auditor reads them only",
    "OwnAccount": "a boundary holds many roles; each role's own policy names its resources",
    "OwnModels": "a boundary holds many roles; each role's own policy names its model",
    "OwnRequests": "a boundary holds many teams; each front door's own policy names its team's table",
    "Traces": "X-Ray's write actions take no resource.",
    "OwnLogs": "log streams are named by Lambda, CloudTrail or Firehose as they write; the group is exact",
    "RuntimeLogs": "AgentCore names the log group of a harness when the harness is made",
    "RuntimeMetrics": "PutMetricData takes no resource; the condition holds it to AgentCore's namespace",
    "RuntimeImages": "the token for AgentCore's public base image belongs to no resource",
    "OwnIdentity": "AgentCore ends the workload identity's name with an id of its own",
    "OwnGateway": "the gateway's id is made with the gateway, which checks this grant first",
    "ModelInAnyRegion": "a cross-region profile picks the region; the condition holds it to the agent's own",
    "Documents": "the objects of one bucket, below what their name says",
    "WarehouseFiles": "the objects of one bucket, below the prefix of the tables",
    "Reports": "the tool names the report; the bucket is exact",
    "QueryResults": "Athena names the result; the prefix is exact",
    "WarehouseSchema": "the tables of the environment's own databases",
    "Delivery": "Firehose names the objects; the bucket is exact",
    "TrailSearch": "DescribeTrails and LookupEvents take no resource",
    "Organization": "DescribeOrganization takes no resource",
    "OrganizationTrail": "a boundary holds many roles; the auditor's own policy names the trail",
    "AuditRecords": "the objects of the audit bucket",
    "RegistryRecords": "the records of one registry",
    "AgentVersions": "the agents of one environment, of teams to come as well",
    "ToolVersions": "the tools of one environment, made after the function that moves them",
    "RolePaths": "the roles of one environment, of teams to come as well; it reads where they stand",
    "Measured": "GetMetricData takes no resource",
    "TeamTopics": "a team's topic is made with its stack, after the platform's; the name is the teams' own",
    "EvaluatedLogs": "AgentCore ends the name of a harness's log group with an id of its own; the team's are exact",
    "EvaluationGroups": "DescribeLogGroups looks at all groups or at none",
    "EvaluatorModels": "AWS chooses the models of its own evaluators, and their regions",
}


def log_streams(group_arn: Input[str]) -> Grant:
    """Write to the streams of one log group."""
    return Grant("OwnLogs", actions.LOGS, [Output.concat(group_arn, ":*")])


def traces() -> Grant:
    """Send traces to X-Ray."""
    return Grant("Traces", actions.TRACES, [ANY])


def key_use(key_arn: Input[str]) -> Grant:
    """Read and write what a key encrypts."""
    return Grant("OwnKey", actions.KEY, [key_arn])


def key_reading(key_arn: Input[str]) -> Grant:
    """Read what a key encrypts, and encrypt nothing with it."""
    return Grant("OwnKey", actions.KEY[:1], [key_arn])


def function_invoke(name: str, alias_arns: Sequence[Input[str]]) -> Grant:
    """Invoke functions, each through its alias."""
    return Grant(name, actions.INVOKE, alias_arns)


def table_items(name: str, table_arn: Input[str], *, read_only: bool = False, delete: bool = False) -> Grant:
    """Read, and unless told otherwise write, single items of a table."""
    allowed = actions.ITEMS[:1] if read_only else actions.ITEMS
    return Grant(name, (*allowed, *actions.DELETE_ITEM) if delete else allowed, [table_arn])


def table_reading(name: str, table_arn: Input[str]) -> Grant:
    """Find and read a table's items, and change those that are there."""
    return Grant(name, (*actions.ITEMS[:1], *actions.ITEMS[2:], *actions.ITEMS_FIND), [table_arn])


def table_scan(name: str, table_arn: Input[str]) -> Grant:
    """Read all items of a table."""
    return Grant(name, actions.SCAN, [table_arn])


def table_batches(name: str, table_arn: Input[str]) -> Grant:
    """Read and write many items of a table at once."""
    return Grant(name, (*actions.BATCH_GET, *actions.BATCH_WRITE), [table_arn])


def overrides_read(table_arn: Input[str]) -> Grant:
    """Read what is put above an agent, all of its scopes at once."""
    return Grant("Overrides", actions.BATCH_GET, [table_arn])


def overrides_change(site: Site, overrides_arn: Input[str], agents_arn: Input[str]) -> list[Grant]:
    """Put something above agents, look up which there are, and whose the role of a caller is."""
    return [
        Grant("Overrides", (*actions.BATCH_GET, *actions.SCAN, *actions.ITEMS[1:2]), [overrides_arn]),
        Grant("Agents", actions.SCAN, [agents_arn]),
        Grant("RolePaths", actions.ROLE_PATH, [site.global_arn("iam", f"role/corral/{site.environment}/*")]),
    ]


def measured() -> Grant:
    """Read what was measured."""
    return Grant("Measured", actions.MEASURED, [ANY])


def team_topics(topic_arns: str) -> Grant:
    """Publish to the topic of any team."""
    return Grant("TeamTopics", actions.PUBLISH, [topic_arns])


def rollbacks(site: Site, versions_arn: Input[str], guardrail_arns: Sequence[Input[str]]) -> list[Grant]:
    """Let callers of agents and tools get another version, and write down what is held."""
    environment = site.environment
    agents = [f"harness/{environment}_*", f"runtime/harness_{environment}_*"]
    return [
        Grant("Versions", (actions.ITEMS[0], actions.ITEMS[2]), [versions_arn]),
        Grant(
            "AgentVersions",
            actions.HARNESS_VERSIONS,
            [site.arn("bedrock-agentcore", each) for each in agents],
        ),
        Grant(
            "ToolVersions", actions.FUNCTION_VERSIONS, [site.arn("lambda", f"function:{site.name('tool')}-*")]
        ),
        Grant("GuardrailVersions", actions.GUARDRAIL_VERSIONS, guardrail_arns),
    ]


def promotions(
    site: Site, drift_arn: Input[str], agents_arn: Input[str], stream_arn: Input[str]
) -> list[Grant]:
    """Read what was measured of an agent and what the monitor found, accept it, see whether records are taken."""
    return [
        measured(),
        Grant("Found", actions.ITEMS[:1], [drift_arn, agents_arn]),
        Grant(
            "Accepted",
            actions.ITEMS[2:],
            [drift_arn],
            # Beside what the monitor keeps, never in its place.
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["* accepted"]}},
        ),
        Grant("Trail", actions.TRAIL_READ[1:2], [site.trail_arn]),
        Grant("Stream", actions.STREAM_READ, [stream_arn]),
    ]


def secret_value(secret_arn: Input[str]) -> Grant:
    """Read one secret."""
    return Grant("OwnSecret", actions.SECRET, [secret_arn])


def documents(bucket_arn: Input[str], domains: Sequence[str]) -> list[Grant]:
    """Read the documents of data domains. Which domain an agent may name is decided at the gateway.

    Not the bucket's other objects: tables, and the results of every team's queries.
    """
    grants = [Grant("DocumentsBucket", actions.BUCKET[1:], [bucket_arn])]
    if domains:
        objects = [Output.concat(bucket_arn, f"/{domain}/*") for domain in domains]
        grants.append(Grant("Documents", actions.OBJECT, objects))
    return grants


def warehouse(
    site: Site, workgroup_arn: Input[str], bucket_arn: Input[str], tables: str, results: str
) -> list[Grant]:
    """Query the tables of data domains. `tables` and `results` are prefixes in the bucket."""
    databases = f"corral_{site.environment}_*"
    schema = ["catalog", f"database/{databases}", f"table/{databases}/*"]
    return [
        Grant("Queries", (*actions.ATHENA_READ, *actions.ATHENA_RUN), [workgroup_arn]),
        Grant("WarehouseSchema", actions.GLUE, [site.arn("glue", resource) for resource in schema]),
        Grant("WarehouseBucket", actions.BUCKET, [bucket_arn]),
        Grant("WarehouseFiles", actions.OBJECT, [Output.concat(bucket_arn, f"/{tables}/*")]),
        Grant("QueryResults", actions.RESULTS, [Output.concat(bucket_arn, f"/{results}/*")]),
    ]


def queries_run(workgroup_arn: Input[str]) -> Grant:
    """Look up a query that was run in a workgroup, by its id: its text and state, not its result."""
    return Grant("QueriesRun", actions.ATHENA_READ[:1], [workgroup_arn])


def report_writing(bucket_arn: Input[str]) -> Grant:
    """Put objects into the report bucket, and read none."""
    return Grant("Reports", actions.RESULTS[1:2], [Output.concat(bucket_arn, "/*")])


def decision_record(stream_arn: Input[str]) -> Grant:
    """Write to the decision stream."""
    return Grant("DecisionRecord", actions.RECORD, [stream_arn])


def dead_letters(queue_arn: Input[str]) -> Grant:
    """Put what came to nothing into a queue, and take nothing out."""
    return Grant("DeadLetters", actions.SEND, [queue_arn])


def notify(topic_arn: Input[str]) -> Grant:
    """Publish to a topic."""
    return Grant("Alerts", actions.PUBLISH, [topic_arn])


def policy_decisions(engine_arn: Input[str], gateway_arns: str) -> list[Grant]:
    """Ask a policy engine for decisions about a gateway."""
    return [
        Grant("PolicyEngine", actions.POLICY_ENGINE, [engine_arn]),
        Grant("OwnGateway", actions.POLICY_ENGINE, [gateway_arns]),
    ]


def harness_invoke(arns: Sequence[Input[str]]) -> Grant:
    """Invoke harnesses; `arns` are theirs and those of their endpoints."""
    return Grant("OwnAgents", actions.HARNESS, arns)


def guardrail_apply(site: Site, guardrail_arns: Sequence[Input[str]], key_arn: Input[str]) -> list[Grant]:
    """Check text with guardrails, which Bedrock decrypts with `key_arn` for its caller."""
    by_bedrock: Conditions = {"StringEquals": {"kms:ViaService": f"bedrock.{site.region}.amazonaws.com"}}
    return [
        Grant("Guardrail", actions.GUARDRAIL, guardrail_arns),
        Grant("GuardrailKey", actions.KEY[:1], [key_arn], by_bedrock),
    ]


def model_invoke(profile_arn: Input[str], model_arns: Sequence[str]) -> list[Grant]:
    """Invoke the model of one application inference profile, and through that profile only."""
    through: Conditions = {"StringEquals": {"bedrock:InferenceProfileArn": profile_arn}}
    name = "ModelInAnyRegion" if any(":*:" in arn for arn in model_arns) else "Model"
    return [
        Grant("ModelProfile", actions.MODEL, [profile_arn]),
        Grant(name, actions.MODEL, model_arns, through),
    ]


def harness_runtime(site: Site, harness: str) -> list[Grant]:
    """Run as a harness: logs, metrics, traces, its own workload identity, AgentCore's public base image."""
    directory = "workload-identity-directory/default"
    logs = site.arn("logs", "log-group:/aws/bedrock-agentcore/runtimes/*")
    namespace: Conditions = {"StringEquals": {"cloudwatch:namespace": "bedrock-agentcore"}}
    identity = f"{directory}/workload-identity/harness_{harness}-*"
    return [
        traces(),
        Grant("RuntimeLogs", actions.RUNTIME_LOGS, [logs]),
        Grant("RuntimeMetrics", actions.METRICS, [ANY], namespace),
        Grant("RuntimeImages", actions.IMAGES, [ANY]),
        Grant(
            "OwnIdentity", actions.IDENTITY, [site.arn("bedrock-agentcore", r) for r in (directory, identity)]
        ),
    ]


def evaluation(site: Site, harnesses: Sequence[str], results_arn: Input[str]) -> list[Grant]:
    """Evaluate agents: read their traces, ask judges, write what those say."""
    groups = "log-group:/aws/bedrock-agentcore/runtimes"
    own = [site.arn("logs", f"{groups}/harness_{harness}-*") for harness in harnesses]
    spans = site.arn("logs", "log-group:aws/spans")
    judges = [
        f"arn:{site.partition}:bedrock:*::foundation-model/*",
        f"arn:{site.partition}:bedrock:*:{site.account}:inference-profile/*",
    ]
    return [
        log_streams(results_arn),
        Grant("EvaluationGroups", actions.LOG_GROUPS, [ANY]),
        Grant("EvaluatedLogs", actions.LOG_QUERY, [*own, spans, f"{spans}:*"]),
        Grant("SpansIndex", actions.LOG_INDEX, [spans]),
        Grant("EvaluatorModels", actions.MODEL, judges),
    ]


def own_evaluators(
    key_arn: Input[str], alias_arns: Sequence[Input[str]], function_arns: Sequence[Input[str]]
) -> list[Grant]:
    """Ask evaluators of a team's own: read what their key encrypts, and call those that are functions.

    https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/code-based-evaluators.html asks for both actions.
    """
    grants = [key_reading(key_arn)]
    if alias_arns:
        grants.append(function_invoke("Evaluators", alias_arns))
        grants.append(Grant("EvaluatorsCode", actions.FUNCTION_READ, [*alias_arns, *function_arns]))
    return grants


def gateway_invoke(gateway_arn: Input[str]) -> Grant:
    """Call tools through a gateway; which ones is for its policies."""
    return Grant("Gateway", actions.GATEWAY, [gateway_arn])


def memory_use(memory_arn: Input[str]) -> Grant:
    """Remember and recall conversations in one memory."""
    return Grant("TeamMemory", actions.MEMORY, [memory_arn])


def delivery(bucket_arn: Input[str]) -> Grant:
    """Deliver objects to a bucket, as Firehose does."""
    return Grant("Delivery", actions.DELIVERY, [bucket_arn, Output.concat(bucket_arn, "/*")])


def url_call(name: str, alias_arn: Input[str]) -> list[Grant]:
    """Call one function through its URL only. AWS asks for both actions since October 2025."""
    by_url: Conditions = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
    signed: Conditions = {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}
    return [
        Grant(f"{name}Url", actions.INVOKE_URL, [alias_arn], signed),
        Grant(name, actions.INVOKE, [alias_arn], by_url),
    ]


def url_found_and_called(name: str, alias_arn: Input[str]) -> list[Grant]:
    """Find out the URL of one function, and call the function through it only."""
    return [*url_call(name, alias_arn), Grant(f"{name}Address", actions.URL_ADDRESS, [alias_arn])]


def report_reading(bucket_arn: Input[str], team: str, key_arn: Input[str]) -> list[Grant]:
    """Read the reports of one team. `key_arn` is what the bucket is encrypted with."""
    own: Conditions = {"StringLike": {"s3:prefix": f"{team}/*"}}
    return [
        Grant("ReportsList", actions.BUCKET[1:], [bucket_arn], own),
        Grant("Reports", actions.OBJECT, [Output.concat(bucket_arn, f"/{team}/*")]),
        Grant("ReportsKey", actions.KEY[:1], [key_arn]),
    ]


def audit_reading(trail_arn: Input[str], bucket_arn: Input[str], workgroup_arn: Input[str]) -> list[Grant]:
    """Read the trail, its records and the queries run."""
    return [
        Grant("Trail", actions.TRAIL_READ, [trail_arn]),
        Grant("TrailSearch", actions.TRAIL_FIND, [ANY]),
        Grant("AuditBucket", actions.AUDIT_BUCKET, [bucket_arn]),
        Grant("AuditRecords", actions.AUDIT_READ, [Output.concat(bucket_arn, "/*")]),
        Grant("QueriesRun", (*actions.ATHENA_READ, *actions.ATHENA_LIST), [workgroup_arn]),
    ]


def organization_reading() -> Grant:
    """Read which organization the account is in, as whoever validates the files of its trail must."""
    return Grant("Organization", actions.ORGANIZATION, [ANY])


def alerts_reading(rules: Input[str], topic_arn: Input[str]) -> list[Grant]:
    """Read the rules of alerts, `rules` being an ARN that ends with a wildcard, and who subscribed to the topic."""
    return [Grant("Alerts", actions.ALERTS_READ, [rules]), Grant("Topic", actions.TOPIC_READ, [topic_arn])]


def audit_queries(
    workgroup_arn: Input[str], schema: Sequence[Input[str]], results_arn: Input[str], key_arn: Input[str]
) -> list[Grant]:
    """Query the audit records, saved queries too. `schema` are the tables in Glue, `key_arn` the results' key."""
    allowed = (*actions.ATHENA_READ, *actions.ATHENA_RUN, *actions.ATHENA_LIST, *actions.ATHENA_SAVED)
    return [
        Grant("AuditQueries", allowed, [workgroup_arn]),
        Grant("AuditSchema", actions.GLUE, schema),
        Grant("ResultsBucket", actions.BUCKET, [results_arn]),
        Grant("QueryResults", actions.RESULTS, [Output.concat(results_arn, "/*")]),
        Grant("ResultsKey", actions.KEY[:2], [key_arn]),
    ]


def registry_reading(registry_arn: Input[str]) -> Grant:
    """Read a registry and its records."""
    return Grant("RegistryRecords", actions.REGISTRY_READ, [registry_arn, Output.concat(registry_arn, "/*")])
