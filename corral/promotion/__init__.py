"""Promotions: what an agent shows at the gate of its next stage, and passing it."""
