"""Gates whose licence-plate cameras report passages (LPR), and a sender that plays a camera."""
