"""A PIN as second factor: something known beside the phone that is held."""
