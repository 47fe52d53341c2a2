"""Drift of agents, seen from outside AWS: replays of histories through the detector that the platform runs."""
