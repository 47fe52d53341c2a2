"""Athena: queries over Glue tables in S3, run by DuckDB.

The SQL is DuckDB's dialect, not Trino's: most SELECT statements read the same in both, and a few functions of
Trino's are added (engine.py lists them). Workgroups, named queries and catalogs are moto's.
"""

from corral.local.server.athena.api import handle

__all__ = ["handle"]
