"""What the pages of impediments show."""
