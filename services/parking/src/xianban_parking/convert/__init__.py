"""Between the wire and the use cases; pure."""
