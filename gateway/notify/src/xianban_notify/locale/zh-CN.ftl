site-title = 消息
nav-messages = 消息
message-not-found = 没有找到这条消息。

messages-title = 消息
messages-lead = 与您和家人有关的通知。
messages-unread = { $count } 条未读
messages-all-read = 没有未读消息
messages-only-unread = 只看未读
messages-all = 查看全部
messages-none = 还没有消息。
messages-new = 您有新消息。
messages-reload = 查看新消息
messages-open = 查看
messages-mark-read = 标为已读
messages-is-unread = 未读
messages-is-urgent = 紧急
messages-unknown-title = 来自“{ $service }”的通知
messages-unknown = 您有一条新通知。
messages-badge = { $count } 条未读消息

access-list-messages = 查看消息
access-read-message = 阅读消息
access-watch-messages = 接收新消息
access-list-accesses = 查询访问记录

# Personal data
personal-messages = 消息
personal-messages-purpose = 通知您与您有关的事
personal-field-recipient = 收件人
personal-field-domain = 来自
personal-field-template = 种类
personal-field-params = 内容
personal-field-link = 链接
personal-field-urgent = 紧急
personal-field-read-at = 阅读时间
