"""Devices: what they launch, what it costs, how sure that is."""
