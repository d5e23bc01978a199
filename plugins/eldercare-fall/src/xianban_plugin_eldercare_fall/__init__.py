"""Fall detection from three axes of acceleration."""
