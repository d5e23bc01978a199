"""matrix-0-1-parking: a plugin for parking."""
