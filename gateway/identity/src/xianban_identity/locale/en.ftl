# Identity: the portal's site
site-title = Identity and family
site-summary = Who may act for you, what you agreed to, where you are logged in

# Log-in pages
signin-title = Log in
signin-lead = You are logging in to { $client }.
signin-phone = Mobile number
signin-phone-hint = 11 digits, mainland China
signin-send-code = Send me a code
signin-or = Or
signin-with = Log in with { $name }
signin-link-lead = Please confirm your mobile number once. From then on you can log in without it.
signin-new-here = New here? The first log-in makes your account.
signin-code-title = Enter the code
signin-code-lead = We sent a code to { $phone }.
signin-code = Code
signin-code-hint = 6 digits, valid for 5 minutes
signin-demo-code-title = Demo district
signin-demo-code = No message is sent here. Your code:
signin-log-in = Log in
signin-send-again = Send another code
signin-other-phone = Use another number
signin-name-title = What is your name?
signin-name-lead = As in your papers. Relatives and carers find you by it.
signin-name = Name
signin-name-hint = It can't be changed here later
signin-continue = Continue
signin-factor-title = Confirm it is you
signin-factor-lead = What you want to do needs a stronger log-in. Please enter your PIN.
signin-factor-choose = What you want to do needs a stronger log-in. Please choose a PIN of 6 digits and remember it.
signin-factor = PIN
signin-factor-hint = 6 digits, neither all the same nor counting
signin-consent-title = May { $client } see your data?
signin-consent-lead = You are logged in as { $name }. { $client } is not part of the district's own services. It asks to:
signin-consent-audience = use { $service } in your name
signin-consent-goes-to = You will be sent back to { $address }.
signin-allow = Allow
signin-deny = Don't allow
signin-problem-title = The log-in could not go on
signin-problem-detail = For the operator of the application: { $detail }
signin-home = To the home page
signin-flow-over = This page is too old or was opened in another browser. Please start again.
internal = Something went wrong on our side. It has been recorded.
client-request-invalid = The application that sent you here asked in a way we can't accept.
upstream-unreachable = The other log-in service can't be reached just now. Please log in with your mobile number.
upstream-refused = The other log-in service did not confirm who you are.
scope-openid = know that it is you
scope-profile = read your name and language
scope-phone = read your mobile number
service-parking = smart parking
service-identity = identity and family
service-health = health
service-education = campus
service-eldercare = elder care
service-culture = culture

# Refusals
phone-invalid = Please enter a mobile number of 11 digits.
code-too-soon = A code was sent a moment ago. Please wait { $seconds } seconds.
code-limit = Too many codes were asked for. Please try again in an hour.
code-not-sent = The code could not be sent just now. Please try again soon.
code-over = This code is no longer valid. Please ask for another one.
code-wrong = { $left ->
    [0] The code is 6 digits.
    [one] That is not the code. One try is left.
   *[other] That is not the code. { $left } tries are left.
  }
factor-wrong = That is not right. Please try again.
factor-locked = Too many tries. Please wait 15 minutes.
factor-missing = Please log in again and choose a PIN.
factor-enrolled = You have a PIN already.
factor-unfit = Please choose 6 digits that are neither all the same nor counting.
name-invalid = Please enter a name of 1 to 64 characters.
name-needed = Please enter your name first.
name-already-given = Your name is known. To change it, please go to the service centre.
delegation-not-found = No such delegation.
delegation-to-self = This is your own number.
delegation-exists = You have asked this person already.
delegation-not-open = This delegation has ended.
delegation-not-pending = This delegation is not waiting for an answer.
delegation-waits-for-other-side = The other person has to answer.
delegation-not-in-review = This delegation is not waiting for a clerk.
delegate-is-minor = Somebody under 18 can't act for others.
guardian-of-minor-stays = Somebody under 18 can't end guardianship.
clerk-is-party = Nobody decides on their own case.
too-many-delegates = A person can be represented by { $limit } people at most.
too-many-subjects = A person can act for { $limit } people at most.
too-many-requests = { $limit } requests are waiting for an answer. Please take one back first.
expiry-in-past = The end must lie in the future.
purpose-not-found = No such purpose.
purpose-revised = The wording has changed. Please read it again.
consent-not-found = No such consent.
consent-not-given = This consent is not in force.
guardian-decides = Under 14 a guardian decides.
person-decides = Only the person can decide this.
session-not-found = No such log-in.
demo-token-refused = There is no demo person { $alias } or no service { $audience }.

# Messages
message-delegation-requested-title = { $name } asks you to confirm a delegation
message-delegation-requested = { $name } wants to set up a delegation with you. Please look at it and confirm or refuse.
message-delegation-approved-title = A delegation is in force
message-delegation-approved = The delegation with { $name } is in force now. Either of you can end it at any time.
message-delegation-rejected-title = A delegation was refused
message-delegation-rejected = The delegation you asked for was refused.
message-delegation-revoked-title = A delegation has ended
message-delegation-revoked = The delegation with { $name } was taken back.
message-delegation-expired-title = A delegation has ended
message-delegation-expired = The time of the delegation with { $name } is over.
message-delegation-came-of-age-title = A guardianship has ended
message-delegation-came-of-age = The child has turned 18. The guardianship with { $name } has ended.
message-consent-decided-title = Somebody decided on a consent for you
message-consent-decided = Your guardian has decided on the purpose { $purpose }.

# Who looked at my data
access-get-person = looked at the person's details
access-update-preferences = changed language or display
access-list-sessions = looked at the log-ins
access-end-session = ended a log-in
access-list-delegations = looked at the delegations
access-get-delegation = looked at a delegation
access-create-delegation = asked for a delegation
access-approve-delegation = confirmed a delegation
access-reject-delegation = refused a delegation
access-revoke-delegation = ended a delegation
access-list-delegation-events = looked at a delegation's history
access-list-acting-for = looked at whom they may act for
access-list-consents = looked at the consents
access-record-consent = decided on a consent
access-withdraw-consent = withdrew a consent
access-get-consent-receipt = fetched a consent receipt
access-list-accesses = looked at the access records
