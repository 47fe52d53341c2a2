"""Cloud Control over the schemas AWS publishes, and the control planes that read the same resources."""
