# Errors: key = reason in lower-kebab
device-not-found = 没有找到这台设备。
device-exists = 这个编号的设备已经登记过。
device-model-unknown = 没有已安装的插件能读取“{ $model }”型号的设备。
device-retired = 设备已报废，不能再使用。
device-bound-already = 设备已绑定给别人，请先解除绑定。
area-not-found = 您负责的区域中没有这个区域。

# Personal data
personal-devices = 设备
personal-devices-purpose = 记录哪些设备在为您监测
personal-kept-equipment = 设备归机构所有，会继续使用；它曾为您监测的记录会删除。
personal-hold-device-bound = 还有 { $count } 台设备在为您监测，请先归还或解除绑定。
personal-field-id = 设备编号
personal-field-model = 型号
personal-field-display-name = 名称
personal-field-organisation = 所属机构
personal-field-area = 区域
personal-field-state = 状态
personal-field-created-at = 登记时间
personal-field-subject = 监测对象
personal-field-domain = 服务
personal-field-bound-at = 绑定时间
personal-field-last-seen-at = 最近一次上报
personal-field-clock-offset-s = 时钟超前（秒）

# What the uplink itself tells a wearer
feedback-held = 已记录，正在转达
feedback-received = 已收到，正在呼叫帮助
feedback-acknowledged = 已有人接听
feedback-coming = 帮助正在路上
feedback-over = 已结束
feedback-refused = 未能转达
