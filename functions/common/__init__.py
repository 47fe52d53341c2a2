"""What several functions share. Nothing here knows a single function."""
