"""Forms of impediments."""
