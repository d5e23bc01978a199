"""Shapes of the public plugins, which several domains use: one module per capability."""
