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
