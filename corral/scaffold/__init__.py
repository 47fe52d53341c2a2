"""Makes new things from a few answers, and edits the files of teams: shown, checked, then written whole."""
