"""Search the public web."""
