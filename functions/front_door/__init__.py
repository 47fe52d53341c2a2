"""The API through which people and applications talk to the agents of one team (docs/api.md)."""
