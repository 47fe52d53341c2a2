"""What an environment costs: spent by its agents, and standing idle."""
