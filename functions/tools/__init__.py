"""The shared tool catalogue: a folder a tool, with its declaration (tool.yaml) and its code (handler.py)."""
