"""Identity 统一身份认证: log-in, kinship, consent."""
