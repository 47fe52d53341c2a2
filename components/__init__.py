"""Pulumi components: one AWS capability a file. `platform.py` and `team.py` compose them."""
