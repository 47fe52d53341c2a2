"""Open a support ticket."""
