"""Elder care 智慧养老."""
