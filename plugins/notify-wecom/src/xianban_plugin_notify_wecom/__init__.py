"""Messages in 政务微信."""
