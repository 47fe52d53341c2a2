"""How people put something above agents: suspended, read-only, or lifted, with who and why on record."""
