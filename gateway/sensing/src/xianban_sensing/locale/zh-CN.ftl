# Errors: key = reason in lower-kebab
device-not-found = 没有找到这台设备。
device-exists = 这个编号的设备已经登记过。
device-model-unknown = 没有已安装的插件能读取“{ $model }”型号的设备。
device-retired = 设备已报废，不能再使用。
device-bound-already = 设备已绑定给别人，请先解除绑定。
area-not-found = 您负责的区域中没有这个区域。

# 物的信息（NGSI-LD）
entity-not-found = 没有找到这个实体。
entity-exists = 这个编号的实体已经存在。
entity-not-yours = 这个实体属于其他机构，您的机构不能修改。
attribute-not-found = 这个实体没有该属性。
entity-id-malformed = 编号必须是 URI，例如 urn:ngsi-ld:OffStreetParking:1。
entity-type-malformed = 类型必须是一个名称，或一至五个名称的列表。
attribute-malformed = 属性不符合 NGSI-LD 的写法：种类与取值不符、取值为空，或嵌套过深。
attribute-name-malformed = 属性名称含有 NGSI-LD 不允许的字符，或全名超过 500 字节。
geometry-malformed = 这不是完整的 GeoJSON 几何图形，经纬度应以度为单位。
instant-malformed = 时间应写成 2026-11-29T07:00:00Z 的形式。
document-too-large = 文档的属性或取值过多。
document-not-json = 请求正文不是 JSON。
document-no-object = 请求正文必须是一个 JSON 对象。
document-no-list = 请求正文必须是含 1 至 1000 个实体的 JSON 列表。
not-supported = 这里不提供 NGSI-LD 的这一部分。
query-malformed = 无法读懂这个查询。
query-too-complex = 查询过长、过深或一次匹配过多。
query-too-wide = 请说明要哪些实体：用 type、attrs、q、georel 或 id。
geo-query-malformed = 地理查询需要 georel=near;maxDistance==米数、geometry=Point 以及经纬度 coordinates。
pattern-malformed = 编号的模式无法读懂，或超过 200 个字符。
past-malformed = timerel、timeAt 与 endTimeAt 不相配。
too-many-results = 结果过大，请每次少要一些实体、属性或历史值。
context-malformed = 无法读懂这个 @context。
context-not-available = 这里不认识这个 @context，也从不下载。请使用核心上下文或 Smart Data Models（Parking、Device、Alert）的上下文，或把术语写进文档。
subscription-not-found = 没有找到这个订阅。
subscription-exists = 这个编号的订阅已经存在。
subscription-malformed = 订阅不符合 NGSI-LD 的写法。
endpoint-not-allowed = 不允许把通知发到那里。哪些主机可以接收，由区里的运维人员决定。

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

# `xianban simulate`：各场景演什么，应当引出什么
simulate-calm = 平平静静的一天，不会报警。
simulate-calm-leads = 页面显示最新数值，均为“最新”，没有新的提醒。
simulate-falling-oxygen = 血氧从 97% 降到 84%，心率和呼吸加快。
simulate-falling-oxygen-leads = 出现“血氧过低”提醒（严重），先通知家人。已有血压时（先演 calm --device demo-box），早期预警评分也会升高并报警。
simulate-sos = 按下呼救键；显示屏有回应之前会反复发送。
simulate-sos-leads = 出现呼救（特别严重），没有人接手会从家人一直升到 120；谁接手会显示在设备上。
simulate-fall = 十秒加速度，其中有一次跌倒。数据是合成的：由计算得出，不是任何人的真实记录。
simulate-fall-leads = 规则包“跌倒检测”发现撞击、姿势改变和静止，提醒“可能跌倒了”（严重），只提醒一次。
simulate-smoke = 家里的烟雾传感器发现烟雾。
simulate-smoke-leads = 出现“烟雾报警”（特别严重），几分钟内逐级升级。
simulate-wander = 定位器走到离家 900 米处；每秒说出一个位置，是最近十二分钟走过的路。
simulate-wander-leads = 出现“离开了常去地点”提醒（严重）；页面显示定位器最后的位置。
simulate-low-battery = 电量降到 5%。
simulate-low-battery-leads = 出现“电量低”提示（一般），不会为此打扰任何人。
simulate-silence = 说最后一句，然后再也不说。
simulate-silence-leads = 最后一次收到心率之后 15 分钟，即 { $until }（上海时间），提醒“设备失联”（较重）。前提是没有谁替这台设备说话：示范区自带的手环每分钟都在说，请用自己的手环（--device、--secret）。
simulate-clock-ahead = 设备的时钟快了一小时。
simulate-clock-ahead-leads = 数值以收到的时间为准，页面注明设备时钟不准。
simulate-log-in-desk = 用指挥员 { $dispatcher } 登录；女儿 { $daughter } 也会收到消息。
simulate-log-in-family = 用老人本人 { $elder } 登录，或用女儿 { $daughter } 登录后代为办理。
simulate-demo-goes-on = 示范区自带的设备继续过平静的一天：能自行结束的提醒，会随它们接下来的消息结束。
simulate-earlier = 之前留下的

# What is not there because no plugin brings it
missing-device-adapter = 没有设备型号：设备数据无法识别

access-create-entity = 添加城市数据
access-write-attributes = 修改城市数据
access-delete-entity = 删除城市数据
access-delete-attribute = 删除城市数据项
access-upsert-entities = 批量写入城市数据
access-list-device-models = 查看设备型号
access-create-device = 登记设备
access-get-device = 查看设备
access-list-devices = 查看设备列表
access-list-resident-devices = 查看本人设备
access-bind-device = 绑定设备
access-unbind-device = 解绑设备
access-set-device-state = 启用或停用设备
access-rotate-device-secret = 更换设备密钥
access-create-subscription = 添加数据订阅
access-get-subscription = 查看数据订阅
access-list-subscriptions = 查看数据订阅列表
access-update-subscription = 修改数据订阅
access-delete-subscription = 取消数据订阅
