"""What became of the plan that was committed to: moved, added, removed, and how stable it was."""
