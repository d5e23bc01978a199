"""The message centre 消息中心."""
