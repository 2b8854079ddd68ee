"""Saved designs, every commit by compare-and-swap on its revision; stages and settings of a person; rows of jobs."""

from designer.store.rows import ConflictError, Job, SavedDesign, SavedStage, SavedVariant, StoreError
from designer.store.store import Store

__all__ = ["ConflictError", "Job", "SavedDesign", "SavedStage", "SavedVariant", "Store", "StoreError"]
