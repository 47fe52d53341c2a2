"""The audit report: one HTML file that an auditor reads and signs, made from what was asked of a deployed platform."""
