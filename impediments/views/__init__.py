"""Pages of impediments, a file per kind of page."""
