"""Compares each agent with its own baseline and says when it has got worse."""
