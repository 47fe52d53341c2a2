"""Where people decide on the calls that the supervisor holds."""
