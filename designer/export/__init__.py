"""Files that leave the studio, each checked before it is offered."""
