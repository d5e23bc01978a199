"""Locators that speak NMEA 0183."""
