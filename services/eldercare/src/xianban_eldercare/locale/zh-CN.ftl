# Errors: key = reason in lower-kebab
care-file-not-found = 没有找到这份为老服务档案。
care-file-changed = 档案刚被别人修改过，请重新查看后再改。
kind-unknown = 这里不测量“{ $kind }”。
limit-impossible = 限值必须在 { $least } 与 { $most } 之间。
limits-reversed = 下限必须低于上限。
span-reversed = 结束时间必须晚于开始时间。
span-too-long = 一次最多查看 { $days } 天。
raw-only-around-an-alarm = 护理员只能查看报警前后的逐条数据。

# Alerts and why they stand
alert-heart-rate-low = 心率过低
reason-heart-rate-low = 心率 { $value } 次/分，低于限值 { $level } 次/分
reason-heart-rate-low-over = 心率已恢复到 { $level } 次/分以内：{ $value } 次/分
alert-heart-rate-high = 心率过高
reason-heart-rate-high = 心率 { $value } 次/分，高于限值 { $level } 次/分
reason-heart-rate-high-over = 心率已恢复到 { $level } 次/分以内：{ $value } 次/分
alert-oxygen-saturation-low = 血氧过低
reason-oxygen-saturation-low = 血氧 { $value } %，低于限值 { $level } %
reason-oxygen-saturation-low-over = 血氧已恢复到 { $level } % 以内：{ $value } %
alert-oxygen-saturation-high = 血氧过高
reason-oxygen-saturation-high = 血氧 { $value } %，高于限值 { $level } %
reason-oxygen-saturation-high-over = 血氧已恢复到 { $level } % 以内：{ $value } %
alert-respiratory-rate-low = 呼吸过低
reason-respiratory-rate-low = 呼吸 { $value } 次/分，低于限值 { $level } 次/分
reason-respiratory-rate-low-over = 呼吸已恢复到 { $level } 次/分以内：{ $value } 次/分
alert-respiratory-rate-high = 呼吸过高
reason-respiratory-rate-high = 呼吸 { $value } 次/分，高于限值 { $level } 次/分
reason-respiratory-rate-high-over = 呼吸已恢复到 { $level } 次/分以内：{ $value } 次/分
alert-body-temperature-low = 体温过低
reason-body-temperature-low = 体温 { $value } ℃，低于限值 { $level } ℃
reason-body-temperature-low-over = 体温已恢复到 { $level } ℃ 以内：{ $value } ℃
alert-body-temperature-high = 体温过高
reason-body-temperature-high = 体温 { $value } ℃，高于限值 { $level } ℃
reason-body-temperature-high-over = 体温已恢复到 { $level } ℃ 以内：{ $value } ℃
alert-systolic-pressure-low = 收缩压过低
reason-systolic-pressure-low = 收缩压 { $value } mmHg，低于限值 { $level } mmHg
reason-systolic-pressure-low-over = 收缩压已恢复到 { $level } mmHg 以内：{ $value } mmHg
alert-systolic-pressure-high = 收缩压过高
reason-systolic-pressure-high = 收缩压 { $value } mmHg，高于限值 { $level } mmHg
reason-systolic-pressure-high-over = 收缩压已恢复到 { $level } mmHg 以内：{ $value } mmHg
alert-diastolic-pressure-low = 舒张压过低
reason-diastolic-pressure-low = 舒张压 { $value } mmHg，低于限值 { $level } mmHg
reason-diastolic-pressure-low-over = 舒张压已恢复到 { $level } mmHg 以内：{ $value } mmHg
alert-diastolic-pressure-high = 舒张压过高
reason-diastolic-pressure-high = 舒张压 { $value } mmHg，高于限值 { $level } mmHg
reason-diastolic-pressure-high-over = 舒张压已恢复到 { $level } mmHg 以内：{ $value } mmHg
alert-battery-low = 电量低
reason-battery-low = 设备电量剩余 { $value }%
reason-battery-low-over = 设备电量已恢复：{ $value }%
alert-smoke-high = 烟雾报警
reason-smoke-high = 烟雾探测器报警
reason-smoke-high-over = 烟雾报警已解除
alert-gas-high = 燃气报警
reason-gas-high = 燃气探测器报警
reason-gas-high-over = 燃气报警已解除
alert-device-silent = 设备失联
reason-device-silent = { $minutes } 分钟没有收到数据
reason-device-silent-over = 设备已恢复上报
alert-sos = 求助
reason-sos = 按下了随身设备上的求助键
alert-fall = 跌倒
reason-fall = 随身设备检测到跌倒
alert-device-tampered = 设备被拆动
reason-device-tampered = 家中设备报告被拆动
reason-sos-page = 在页面上按下了求助键

# The ladder
rung-family = 家人
rung-neighbourhood = 居委会
rung-station = 服务站
rung-120 = 120 与指挥员

# How an elder is
state-alarm = { $name }：{ $title }，有 { $count } 条提醒待处理。
state-no-devices = 还没有设备在监测{ $name }。
state-silent = 没有收到{ $name }的最新数据，请检查设备。
state-well = { $minutes ->
    [0] { $name }一切正常，刚刚收到数据。
   *[other] { $name }一切正常，最近一次数据是 { $minutes } 分钟前。
}
state-partly = { $name }没有报警，但部分数据较旧或不可信，请查看各项数据。

# A call for help
sos-none = 当前没有求助。
sos-calling = 正在呼叫帮助……
sos-acknowledged = { $by }已接听。
sos-answered = 已有人接听。
sos-coming = 帮助正在路上。
sos-over = 求助已结束。
wearer-acknowledged = { $by }已接听
wearer-answered = 已有人接听
wearer-coming = 帮助正在路上
wearer-over = 求助已结束

# Personal data
personal-care-file = 为老服务档案
personal-care-file-purpose = 让照护您的人了解必要情况
personal-field-resident = 本人
personal-field-display-name = 姓名
personal-field-area = 区域
personal-field-address = 住址
personal-field-home = 住址位置
personal-field-living = 居住情况
personal-field-care-level = 照护等级
personal-field-contacts = 联系人
personal-field-conditions = 健康状况
personal-field-allergies = 过敏
personal-field-station = 服务站
personal-field-version = 版本
personal-field-updated-at = 更新时间
personal-thresholds = 报警限值
personal-thresholds-purpose = 决定何时为您报警
personal-field-kind = 指标
personal-field-low = 下限
personal-field-high = 上限
personal-field-sustain-seconds = 持续时间（秒）
personal-field-severity = 严重程度

# 位置围栏、行踪与寻人
fence-not-found = 没有这个地点。
fence-changed = 这个地点刚被别人改过，请重新查看后再修改。
fences-too-many = 最多设 { $most } 个地点，请先删除一个。
search-not-found = 没有正在进行的这次寻找。
search-over = 这次寻找已结束。如果人还没有找到，请重新报告走失。
alert-left-place = 离开常去地点
reason-left-place = 已在“{ $place }”范围外约 { $metres } 米
alert-lost = 走失，请协助寻找
reason-lost = 已报告走失；寻找期间共享实时位置
search-basis = 紧急情况下为保护生命健康所必需，无需取得同意（《个人信息保护法》第十三条第一款第四项）；仅限寻找期间，仅供家人和本辖区救助人员使用。
whereabouts-never = { $name }的定位器还没有报过位置。
whereabouts-seen = { $name }的定位器{ $ago }{ $where }。
whereabouts-old = { $name }的定位器{ $ago }{ $where }。这是较早的位置，现在可能已不在那里。
whereabouts-minutes = { $minutes ->
    [0] 刚才
   *[other] { $minutes } 分钟前
}
whereabouts-hours = { $hours } 小时前
whereabouts-home = 家
whereabouts-inside = 在“{ $place }”
whereabouts-metres = 在“{ $place }”范围外约 { $metres } 米
whereabouts-far = 在“{ $place }”范围外约 { $kilometres } 公里
whereabouts-somewhere = 在一个没有名字的地方
personal-fences = 常去地点
personal-fences-purpose = 离开时能及时发现
personal-fence-states = 是否在常去地点之外
personal-fence-states-purpose = 离开只提醒一次
personal-searches = 对您的寻找
personal-searches-purpose = 报告走失后寻找您
personal-trails = 寻找期间的轨迹
personal-trails-purpose = 寻找期间定位器到过的位置
personal-field-center = 中心
personal-field-radius-m = 半径（米）
personal-field-start-minute = 开始时间（当天第几分钟）
personal-field-end-minute = 结束时间（当天第几分钟）
personal-field-active = 启用
personal-field-fence = 地点
personal-field-series = 定位器序号
personal-field-raised = 在范围外
personal-field-told = 已提醒
personal-field-since = 起始时间
personal-field-settled = 已判断到
personal-field-snoozed-until = 静音到
personal-field-reason = 原因
personal-field-state = 状态
personal-field-started-by = 发起人
personal-field-started-by-display = 发起人姓名
personal-field-started-at = 开始时间
personal-field-until = 共享到
personal-field-ended-at = 结束时间
personal-field-ended-by-display = 结束人姓名
personal-field-end-note = 结果
personal-field-alert = 报警
personal-field-search = 寻找
personal-field-position = 位置
