"""Makes processes without end."""
