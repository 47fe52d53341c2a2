"""bedrock-runtime: the scripted model and guardrails."""
