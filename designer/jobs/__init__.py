"""Long work outside the page's thread: submit, watch, cancel."""
