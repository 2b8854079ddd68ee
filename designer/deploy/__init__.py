"""From the train form to the deploy form of a whole network."""
