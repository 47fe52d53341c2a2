"""A Lambda function as all of Corral's are: traced, logged, encrypted, bounded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import cloudwatch, lambda_

from components import permissions
from components.archive import Code
from components.layers import powertools
from components.policy_documents import Grant, service_trust
from components.role import Role, RoleArgs
from components.site import Shared
from corral.spec.names import ENDPOINT

RUNTIME = "python3.13"
ARCHITECTURE = "arm64"
NAMESPACE = "Corral"


@dataclass(frozen=True)
class FunctionArgs:
    """Arguments of a Function. `service` is its name in logs and metrics.

    `dead_letters_arn` is the queue for events, which nobody waits for, that failed each time they were tried.
    `served` tells which version callers get, from the function's ARN and its newest; without it that is the newest.
    """

    shared: Shared
    aws_name: str
    service: str
    description: str
    handler: str
    code: Code
    environment: Mapping[str, Input[str]]
    grants: Sequence[Grant]
    timeout_seconds: int
    memory_mb: int
    reserved_concurrency: int
    dead_letters_arn: Input[str] | None = None
    served: Callable[[Output[str], Output[str]], Output[str]] | None = None


class Function(ComponentResource):
    """A function with its own role. Callers use the alias `live`."""

    def __init__(self, name: str, args: FunctionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Function", name, None, opts)
        shared, site = args.shared, args.shared.site
        tags = shared.tags.as_dict()
        logs = cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/lambda/{args.aws_name}",
            retention_in_days=site.log_retention_days,
            kms_key_id=shared.key_arn,
            tags=tags,
            # Logs are kept for their time, also when what wrote them is gone.
            opts=ResourceOptions(parent=self, retain_on_delete=site.production),
        )
        own = [permissions.log_streams(logs.arn), permissions.traces(), permissions.key_use(shared.key_arn)]
        dead_letters = None
        if args.dead_letters_arn is not None:
            own.append(permissions.dead_letters(args.dead_letters_arn))
            dead_letters = lambda_.FunctionDeadLetterConfigArgs(target_arn=args.dead_letters_arn)
        self.role = Role(
            name,
            RoleArgs(
                shared=shared,
                aws_name=args.aws_name,
                description=f"What the function {args.aws_name} may do.",
                trust=service_trust(site, "lambda.amazonaws.com", None),
                grants=[*own, *args.grants],
            ),
            ResourceOptions(parent=self),
        )
        function = lambda_.Function(
            f"{name}-function",
            name=args.aws_name,
            description=args.description,
            role=self.role.arn,
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            handler=args.handler,
            code=args.code.archive,
            layers=[powertools(site.partition, site.region)],
            timeout=args.timeout_seconds,
            memory_size=args.memory_mb,
            reserved_concurrent_executions=args.reserved_concurrency,
            environment=lambda_.FunctionEnvironmentArgs(
                variables={
                    "ENVIRONMENT": site.environment,
                    "LOG_LEVEL": "INFO",
                    "POWERTOOLS_SERVICE_NAME": args.service,
                    "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
                    **args.environment,
                }
            ),
            kms_key_arn=shared.key_arn,
            dead_letter_config=dead_letters,
            logging_config=lambda_.FunctionLoggingConfigArgs(log_format="JSON", log_group=logs.name),
            tracing_config=lambda_.FunctionTracingConfigArgs(mode="Active"),
            publish=True,
            tags=tags,
            opts=ResourceOptions(parent=self, depends_on=[self.role.policy]),
        )
        version = args.served(function.arn, function.version) if args.served else function.version
        alias = lambda_.Alias(
            f"{name}-live",
            name=ENDPOINT,
            description="What callers use.",
            function_name=function.name,
            function_version=version,
            opts=ResourceOptions(parent=self),
        )
        self.name = function.name
        self.alias_arn = alias.arn
        self.alias_name = alias.name
        self.log_group = f"/aws/lambda/{args.aws_name}"
        self.register_outputs({"name": self.name, "alias_arn": self.alias_arn})
