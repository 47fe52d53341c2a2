"""A Pulumi provider for the `aws` package, for the local AWS only.

It lets the real Pulumi engine run the project's program without an AWS account: resources are made by the
handlers of the offline engine, and changed and deleted by the tables in `aws`. `server.serve` starts it; the
engine attaches to it through PULUMI_DEBUG_PROVIDERS. It is no substitute for pulumi-aws: `refresh` notices a
resource that is gone, not one that was changed behind Pulumi's back.
"""
