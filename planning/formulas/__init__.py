"""Pure formulas of planning: no Django, clock or I/O."""
