"""Pure functions on the values of key results: no Django, no clock, no database."""
