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

# Channels and addresses
channel-in-app = 消息中心
channel-not-installed = 这里暂不能向这类地址发送消息。
channel-unknown = 没有名为“{ $channel }”的渠道。
address-not-found = 没有找到这个地址。
address-invalid = 这不是有效的地址。
too-many-addresses = 最多可保存 { $most } 个地址，请先删除一个。
address-code-too-soon = 验证码刚刚发出，请一分钟后再试。
address-code-over = 验证码已失效，请重新获取。
address-code-title = 确认您的地址
address-code = 验证码 { $code }，10 分钟内有效。请勿告诉他人。
receipt-not-found = 没有找到这个回执。

personal-deliveries = 消息的发送记录
personal-deliveries-purpose = 把消息送到您手中，并显示是否送达
personal-preferences = 消息设置
personal-preferences-purpose = 按您希望的时间和方式通知您
personal-addresses = 接收消息的地址
personal-addresses-purpose = 在门户之外通知您
personal-field-message = 消息
personal-field-channel = 渠道
personal-field-state = 状态
personal-field-tries = 尝试次数
personal-field-next-at = 下次尝试
personal-field-reason = 原因
personal-field-maybe-twice = 可能重复
personal-field-changed-at = 变更时间
personal-field-sent-at = 发出时间
personal-field-delivered-at = 送达时间
personal-field-person = 本人
personal-field-locale = 语言
personal-field-quiet = 免打扰
personal-field-quiet-from = 免打扰开始（分钟）
personal-field-quiet-until = 免打扰结束（分钟）
personal-field-copies = 抄送代办人
personal-field-choices = 选择
personal-field-kind = 种类
personal-field-value = 地址
personal-field-verified-at = 确认时间
personal-field-bounced-at = 无法送达时间

access-list-deliveries = 查看消息的发送情况
access-get-preferences = 查看消息设置
access-update-preferences = 更改消息设置
access-add-address = 添加地址
access-verify-address = 确认地址
access-delete-address = 删除地址
access-register-push-subscription = 添加浏览器
