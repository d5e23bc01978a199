"""An authenticator app as second factor: something held beside the phone number."""
