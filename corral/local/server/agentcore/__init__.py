"""AgentCore's data plane: the MCP gateway with its policy engine, harnesses, memory."""
