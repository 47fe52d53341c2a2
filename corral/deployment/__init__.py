"""Deployment through the real Pulumi CLI: which stacks, in which order, and what came of each.

It goes where the CLI goes: to the account of the stacks' settings, or to a served local AWS when the shell
has the settings that `corral up ENV --local --serve --empty` prints.
"""
