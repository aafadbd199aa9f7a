"""Pure formulas of impediments: no Django, no clock, no I/O."""
