"""Charts drawn from reports."""
