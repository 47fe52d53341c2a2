"""What an account's owner deploys once, before anyone deploys with Corral: state, keys, roles, boundaries."""
