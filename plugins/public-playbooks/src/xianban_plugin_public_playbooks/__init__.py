"""应急处置: playbooks of a district and of its emergency system."""
