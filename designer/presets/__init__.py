"""Published networks as designs."""
