"""Voice calls through an HTTP gateway."""
