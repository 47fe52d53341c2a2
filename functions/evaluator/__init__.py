"""Gives a score to what an agent did, by code of its template."""
