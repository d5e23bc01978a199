"""The pure domain of sensing: devices, and what is known of things; no wire, no storage."""
