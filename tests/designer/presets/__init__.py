"""Tests of the published networks as designs."""
