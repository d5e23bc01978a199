"""Was written for another version of the hooks."""
