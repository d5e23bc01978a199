# Errors: key = reason in lower-kebab
care-file-not-found = No elder care file of that name.
care-file-changed = Somebody changed the file meanwhile. Please look again and repeat your change.
