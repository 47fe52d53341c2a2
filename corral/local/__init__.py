"""The local AWS: the same Pulumi program, an engine that evaluates it, and a server that stands in for AWS."""
