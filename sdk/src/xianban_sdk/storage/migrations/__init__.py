"""The history of the SDK's own tables."""
