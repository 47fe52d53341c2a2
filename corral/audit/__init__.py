"""What an auditor asks of the records: saved queries, and whether the records are whole."""
