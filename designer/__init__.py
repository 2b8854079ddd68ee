"""Blockwright's core: designs, their cost, their deploy form, their exports."""
