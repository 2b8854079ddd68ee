"""Saved designs: every commit, by compare-and-swap."""
