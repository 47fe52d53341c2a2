"""The part that decides. The standard library is all it needs, so it runs the same in a function and in a replay."""
