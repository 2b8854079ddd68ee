"""The blocks of the palette: one file per paper, each with its config, its module and its deploy form."""
