"""Text messages through an HTTP SMS gateway."""
