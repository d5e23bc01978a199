"""What identity knows of people, kin and consent, without a database or a wire."""
