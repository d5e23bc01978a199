"""The Envoy data plane, configured from descriptors."""
