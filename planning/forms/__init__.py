"""The forms of planning."""
