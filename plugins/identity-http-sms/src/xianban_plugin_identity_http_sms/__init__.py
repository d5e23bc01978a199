"""One-time codes by SMS, through any gateway that takes a JSON POST."""
