"""matrix-0-1-identity: a plugin for identity."""
