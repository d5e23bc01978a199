"""What the suite costs, as paired ratios within one run. Start with ``python -m bench``."""
