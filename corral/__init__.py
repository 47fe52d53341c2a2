"""Corral: a governed agent platform on Amazon Bedrock AgentCore, from YAML."""

__version__ = "0.1.0"
