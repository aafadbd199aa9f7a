"""Formulas of money: pure functions of numbers; no Django, no clock."""
