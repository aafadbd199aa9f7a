"""Forecasts: pure formulas, exact by convolution. No Django, no clock, no chance."""
