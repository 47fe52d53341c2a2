"""The hook that decides on every step of every agent, and writes it down first."""
