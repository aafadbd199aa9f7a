"""Forms of objectives, a module per kind of deed."""
