"""What the pages and the API of planning read."""
