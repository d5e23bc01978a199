"""Well-behaved: what the others must not cost it."""
