"""Search the documents of a data domain."""
