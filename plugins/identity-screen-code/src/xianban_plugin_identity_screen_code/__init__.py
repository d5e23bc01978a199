"""Demo districts: the one-time code appears on the screen that asked for it, once."""
