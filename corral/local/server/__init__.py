"""The local AWS: one loopback server standing in for the services a deployment uses."""
