"""The document and the commands that change it: plain data, no torch, no blocks."""
