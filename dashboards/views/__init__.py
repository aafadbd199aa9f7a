"""Pages that join several apps: the overview, Flow and its sub-pages, Delivery."""
