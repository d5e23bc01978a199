"""matrix-0-1-sensing: a plugin for sensing."""
