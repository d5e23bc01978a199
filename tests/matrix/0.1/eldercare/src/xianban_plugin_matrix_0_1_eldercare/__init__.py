"""matrix-0-1-eldercare: a plugin for eldercare."""
