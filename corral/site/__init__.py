"""The documentation of an environment: a static site made from its spec alone, the same bytes each time."""
