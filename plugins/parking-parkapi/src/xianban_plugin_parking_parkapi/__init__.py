"""Parking feeds in ParkAPI v3 form, and converters for cities' own files."""
