"""The log-in pages: phone, code, name, second factor, third parties, outside providers."""
