"""A Pulumi provider for the `aws` package, for the local AWS only.

It lets the real Pulumi engine run the project's program without an AWS account: resources are made by the
handlers of the offline engine; changed, read, imported and deleted by the tables in `aws`. `server.serve`
starts it; the engine attaches to it through PULUMI_DEBUG_PROVIDERS.

`refresh` shows what was changed behind Pulumi's back, and the next `up` puts it back. It is no substitute for
pulumi-aws: it has the types that the project uses, and of those what the local AWS keeps.
"""
