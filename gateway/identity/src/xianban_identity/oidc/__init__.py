"""The OpenID Connect provider: one issuer for the whole suite.

`provider` holds what all parts share, `keys` the signing keys, `tokens` what is signed, `clients`
who may ask, `grants` the rules of each grant, `http` the endpoints.
"""
