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
access-list-accesses = looked at the access records

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
