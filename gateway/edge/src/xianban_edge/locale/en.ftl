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
