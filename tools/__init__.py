"""Developers' scripts; never imported by the product."""
