"""The pages. Widgets in, one core call, drawing out."""
