"""Every number that the README claims, one command each."""
