"""The pure domain of the parking service: facts and rules, no wire, no storage."""
