"""The organisation pages, a module per noun."""
