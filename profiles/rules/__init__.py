"""Fusion rules as data, one file per runtime."""
