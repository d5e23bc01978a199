"""matrix-0-1-notify: a plugin for notify."""
