site-title = Messages
nav-messages = Messages
message-not-found = This message was not found.

messages-title = Messages
messages-lead = Notices about you and your family.
messages-unread = { $count } unread
messages-all-read = No unread messages
messages-only-unread = Unread only
messages-all = Show all
messages-none = No messages yet.
messages-new = You have new messages.
messages-reload = See the new messages
messages-open = Open
messages-mark-read = Mark as read
messages-is-unread = Unread
messages-is-urgent = Urgent
messages-unknown-title = Notice from “{ $service }”
messages-unknown = You have a new notice.
messages-badge = { $count ->
    [one] { $count } unread message
   *[other] { $count } unread messages
}

access-list-messages = looked at messages
access-read-message = read a message
access-watch-messages = received new messages

# Personal data
personal-messages = Messages
personal-messages-purpose = Tells you what concerns you
personal-field-recipient = Recipient
personal-field-domain = From
personal-field-template = Kind of message
personal-field-params = Content
personal-field-link = Link
personal-field-urgent = Urgent
personal-field-read-at = Read
personal-field-arrived-at = What it tells of reached us

# Channels and addresses
channel-in-app = Message centre
channel-not-installed = Messages cannot be sent to addresses of this kind here.
channel-unknown = There is no channel “{ $channel }”.
address-not-found = This address was not found.
address-invalid = This is no valid address.
too-many-addresses = At most { $most } addresses can be kept; take one out first.
address-code-too-soon = A code was sent a moment ago; wait a minute.
address-code-over = The code is no longer valid; ask for a new one.
address-code-title = Confirm your address
address-code = Your code is { $code }, valid for 10 minutes. Never share it.
receipt-not-found = This receipt was not found.

personal-message-names = Messages to others that name you
personal-message-names-purpose = Takes your name out of them when you are erased
personal-deliveries = Where messages were sent
personal-deliveries-purpose = Brings messages to you and shows whether they arrived
personal-preferences = Choices for messages
personal-preferences-purpose = Respects when and how you want to be told
personal-addresses = Addresses for messages
personal-addresses-purpose = Brings messages to you outside of the portal
personal-field-message = Message
personal-field-channel = Channel
personal-field-state = State
personal-field-tries = Tries
personal-field-next-at = Next try
personal-field-reason = Reason
personal-field-maybe-twice = Possibly twice
personal-field-changed-at = Changed
personal-field-sent-at = Sent
personal-field-delivered-at = Arrived
personal-field-person = Person
personal-field-locale = Language
personal-field-quiet = Quiet hours
personal-field-quiet-from = Quiet from (minutes)
personal-field-quiet-until = Quiet until (minutes)
personal-field-copies = Copies to delegates
personal-field-choices = Choices
personal-field-kind = Kind
personal-field-value = Address
personal-field-verified-at = Confirmed
personal-field-bounced-at = Unreachable since

access-list-deliveries = looked where a message was sent
access-get-preferences = looked at choices for messages
access-update-preferences = changed choices for messages
access-add-address = added an address
access-verify-address = confirmed an address
access-delete-address = took an address out
access-register-push-subscription = added a browser

# Pages of deliveries and choices
nav-settings = Message settings
message-about = This is about { $name }.
message-acting = To open it, you go on in the name of { $name }.
message-open-for = Open for { $name }
message-sent-title = Where it was sent
delivery-channel = Channel
delivery-address = Address
delivery-state = State
delivery-when = When
delivery-note = Note
delivery-next = Next try:
delivery-demo = Demo: nothing was sent, see the local outbox
delivery-unspecified = Unknown
delivery-pending = Waiting
delivery-sending = Being sent
delivery-sent = Sent
delivery-delivered = Arrived
delivery-retrying = Failed, will be tried again
delivery-given-up = Given up
delivery-failed = Refused
delivery-bounced = Address unreachable
delivery-cancelled = Not needed: read before
settings-lead = Choose how messages reach you outside of the portal. In the message centre you always find them.
settings-saved = Your choices are saved.
settings-how = Which messages, which way
settings-urgent = Urgent messages
settings-quiet = Quiet hours
settings-quiet-start = Quiet from
settings-quiet-end = Quiet until
settings-quiet-hint = Messages wait until the quiet hours end; urgent ones do not.
settings-copies = Copies to those who act for you in messages
settings-copies-none = None
settings-copies-urgent = Urgent ones
settings-copies-all = All
settings-locale = Language of messages
settings-save = Save
settings-addresses = Where you can be reached
settings-no-address = No address yet.
address-kind = Kind
address-kind-email = E-mail
address-kind-phone = Mobile phone
address-kind-wecom = Government WeChat
address-kind-webpush = Browser
address-value = Address
address-value-hint = We send a code there to be sure that it is yours.
address-add = Send the code
address-confirmed = Confirmed
address-waits = Waits for the code
address-bounced = Unreachable
address-enter-code = Code sent to { $hint }
address-confirm = Confirm
address-code-wrong = That was not the code. After five tries ask for a new one.
address-remove = Remove
address-remove-sure = Remove { $hint }?
access-get-message = looked at a message
settings-this-browser = Show messages in this browser

# Answers
answer-taken = You have it
answer-taken-already = Somebody has it already
answer-refused = Not taken: please open it
channel-without-answers = Nobody can answer by this channel.
answer-signature-invalid = The signature is not valid.
answer-unreadable = This answer cannot be read.
answer-unknown = There is no message to be answered.
answer-of-another = This message is somebody else's.
channel-unavailable = The channel is away for now; please try again.
personal-answers = Answers
personal-answers-purpose = Telling you what became of your answer

# What is not there because no plugin brings it
missing-channel = No channel but the in-app one
