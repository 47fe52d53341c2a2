"""A deployed CloudWatch dashboard, read with its data, as one page."""
