"""What others wrote, to compare ours with: timm's networks and torch's own counter."""
