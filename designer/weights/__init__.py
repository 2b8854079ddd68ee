"""Weights of other people's networks: reading checkpoints and matching their names to a design's. No torch here."""
