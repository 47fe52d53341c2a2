"""The IAM actions that Corral's roles are ever granted, each list once."""

INVOKE = ("lambda:InvokeFunction",)
INVOKE_URL = ("lambda:InvokeFunctionUrl",)
URL_ADDRESS = ("lambda:GetFunctionUrlConfig",)
BATCH_GET = ("dynamodb:BatchGetItem",)
BATCH_WRITE = ("dynamodb:BatchWriteItem",)
SCAN = ("dynamodb:Scan",)
MEASURED = ("cloudwatch:GetMetricData",)
DELETE_ITEM = ("dynamodb:DeleteItem",)
ROLE_PATH = ("iam:GetRole",)
HARNESS_VERSIONS = (
    "bedrock-agentcore:GetHarness",
    "bedrock-agentcore:GetHarnessEndpoint",
    "bedrock-agentcore:UpdateHarnessEndpoint",
    # What AWS's own handler of an endpoint needs besides: a harness runs on a runtime.
    "bedrock-agentcore:GetAgentRuntimeEndpoint",
    "bedrock-agentcore:UpdateAgentRuntimeEndpoint",
)
FUNCTION_READ = ("lambda:GetFunction",)
FUNCTION_VERSIONS = ("lambda:GetAlias", "lambda:ListVersionsByFunction", "lambda:UpdateAlias")
GUARDRAIL_VERSIONS = ("bedrock:ListGuardrails", "bedrock:GetGuardrail")
SECRET = ("secretsmanager:GetSecretValue",)
OBJECT = ("s3:GetObject",)
ATHENA_RUN = ("athena:StartQueryExecution", "athena:StopQueryExecution")
RECORD = ("firehose:PutRecord",)
STREAM_READ = ("firehose:DescribeDeliveryStream",)
PUBLISH = ("sns:Publish",)
SEND = ("sqs:SendMessage",)
GUARDRAIL = ("bedrock:ApplyGuardrail",)
METRICS = ("cloudwatch:PutMetricData",)
GATEWAY = ("bedrock-agentcore:InvokeGateway",)
LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
TRACES = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
)
KEY = ("kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey")
ITEMS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
ITEMS_FIND = ("dynamodb:Query", "dynamodb:Scan")
BUCKET = ("s3:GetBucketLocation", "s3:ListBucket")
ATHENA_READ = ("athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup")
ATHENA_LIST = ("athena:ListQueryExecutions",)
ATHENA_SAVED = ("athena:ListNamedQueries", "athena:GetNamedQuery", "athena:BatchGetNamedQuery")
GLUE = ("glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:GetPartitions")
RESULTS = ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
POLICY_ENGINE = (
    "bedrock-agentcore:GetPolicyEngine",
    "bedrock-agentcore:AuthorizeAction",
    "bedrock-agentcore:PartiallyAuthorizeActions",  # without it tools/list fails, or every call is denied
)
MODEL = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
MEMORY = (
    "bedrock-agentcore:CreateEvent",
    "bedrock-agentcore:DeleteEvent",
    "bedrock-agentcore:GetEvent",
    "bedrock-agentcore:ListEvents",
    "bedrock-agentcore:RetrieveMemoryRecords",
)
IDENTITY = ("bedrock-agentcore:GetWorkloadAccessToken", "bedrock-agentcore:GetWorkloadAccessTokenForJWT")
RUNTIME_LOGS = (*LOGS, "logs:CreateLogGroup", "logs:DescribeLogStreams", "logs:DescribeLogGroups")
LOG_GROUPS = ("logs:DescribeLogGroups",)
LOG_QUERY = ("logs:StartQuery", "logs:GetQueryResults")
LOG_INDEX = ("logs:DescribeIndexPolicies", "logs:PutIndexPolicy")
HARNESS = ("bedrock-agentcore:InvokeHarness", "bedrock-agentcore:InvokeAgentRuntime")
IMAGES = ("ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken")
DELIVERY = (*RESULTS, "s3:ListBucketMultipartUploads", *BUCKET)
TRAIL_READ = ("cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors")
ALERTS_READ = ("events:DescribeRule", "events:ListTargetsByRule")
TOPIC_READ = ("sns:ListSubscriptionsByTopic",)
ORGANIZATION = ("organizations:DescribeOrganization",)  # asked by `aws cloudtrail validate-logs`
TRAIL_FIND = ("cloudtrail:DescribeTrails", "cloudtrail:LookupEvents")
AUDIT_READ = ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectRetention")
AUDIT_BUCKET = (
    *BUCKET,
    "s3:ListBucketVersions",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketVersioning",
)
REGISTRY_READ = (
    "agent-registry:GetRegistry",
    "agent-registry:ListRegistryRecords",
    "agent-registry:GetRegistryRecord",
    "agent-registry:SearchDiscoverableRegistryRecords",
)

# What each side's permissions boundary lets through: all that its roles are granted, models aside.
PLATFORM_ACTIONS = frozenset(
    (
        *INVOKE,
        *INVOKE_URL,
        *URL_ADDRESS,
        *BATCH_GET,
        *BATCH_WRITE,
        *SCAN,
        *MEASURED,
        *SEND,
        *ROLE_PATH,
        *HARNESS_VERSIONS,
        *FUNCTION_VERSIONS,
        *GUARDRAIL_VERSIONS,
        *DELETE_ITEM,
        *SECRET,
        *OBJECT,
        *ATHENA_RUN,
        *RECORD,
        *STREAM_READ,
        *PUBLISH,
        *LOGS,
        *TRACES,
        *KEY,
        *ITEMS,
        *ITEMS_FIND,
        *SEND,
        *BUCKET,
        *ATHENA_READ,
        *ATHENA_LIST,
        *ATHENA_SAVED,
        *GLUE,
        *RESULTS,
        *POLICY_ENGINE,
        *DELIVERY,
        *TRAIL_READ,
        *TRAIL_FIND,
        *ALERTS_READ,
        *TOPIC_READ,
        *AUDIT_READ,
        *AUDIT_BUCKET,
        *REGISTRY_READ,
    )
)
# Where the platform's tables are a team's roles have no say, so that these go by name and not by account.
TEAM_TABLE_ACTIONS = (*ITEMS, *DELETE_ITEM)
TEAM_ACTIONS = frozenset(
    (
        *INVOKE,
        *FUNCTION_READ,
        *INVOKE_URL,
        *URL_ADDRESS,
        *OBJECT,
        *BUCKET[1:],
        *SEND,
        *GUARDRAIL,
        *METRICS,
        *GATEWAY,
        *TRACES,
        *KEY,
        *MEMORY,
        *IDENTITY,
        *RUNTIME_LOGS,
        *LOG_QUERY,
        *LOG_INDEX,
        *HARNESS,
        *IMAGES,
    )
)
