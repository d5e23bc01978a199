"""NEWS2 over live readings."""
