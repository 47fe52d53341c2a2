"""Scenarios that were played: what came of each, how it is told to people and to CI, and playing them for real."""
