"""Envoy's configuration as plain JSON values, one file per part."""
