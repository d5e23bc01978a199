"""Fee concessions of the district, as data."""
