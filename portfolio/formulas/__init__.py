"""Pure functions about the portfolio: no Django, no clock."""
