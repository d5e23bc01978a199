"""Gateways that forward what Bluetooth health instruments say."""
