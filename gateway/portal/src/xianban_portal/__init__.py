"""The resident portal 随申办-style."""
