"""Query the tables of a data domain with SQL."""
