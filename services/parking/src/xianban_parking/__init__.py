"""Smart parking 智慧停车."""
