# The gateway's own answers
reply-400 = The request is malformed.
reply-401 = Please sign in; the access token is missing or not valid.
reply-404 = There is no such operation.
reply-405 = This operation does not take that HTTP method.
reply-408 = The request was sent too slowly; please try again.
reply-413 = The content sent is too large.
reply-415 = This content type is not supported.
reply-429 = Too many requests; please try again shortly.
reply-431 = The request headers are too large.
reply-500 = Something went wrong; please try again later.
reply-502 = The service gave a broken answer; please try again later.
reply-503 = The service is not available right now; please try again shortly.
reply-504 = The service took too long; please try again later.
reply-home = Back to the start page

# API documentation
api-summary = A district's services for its residents: one interface, called as JSON, gRPC or gRPC-Web.
api-description = Times are RFC 3339 in UTC, money is in fen, 64-bit integers are strings. Every mutation carries a requestId: the same id and content get the same result. Errors are google.rpc.Status in the language of Accept-Language. Unknown fields of a body are ignored, unknown query parameters are refused.
tag-identity = Identity and delegation
tag-parking = Smart parking
tag-notify = Message centre
docs-title = Open interface
docs-download = Download the OpenAPI document
docs-parameters = Parameters
docs-body = Body
docs-answers = Answers
docs-required = required
docs-anonymous = No sign-in needed
docs-token = Needs an access token for { $audience }
docs-live = Live stream (SSE)
docs-schemas = Data structures
# `xianban doctor`.
doctor-edge-away = Envoy does not run here
doctor-edge-refused = Envoy has refused { $count } configurations since its start and goes on with an older one: its log names the field
doctor-edge-stale = Envoy does not know { $services }: restart the edge, or send it SIGHUP
doctor-edge-well = Envoy runs, knows every installed service and has refused no configuration
