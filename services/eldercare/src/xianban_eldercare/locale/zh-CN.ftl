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

# Rule packs
motion-window-invalid = 运动数据应依次为 x、y、z 三个方向的数值。
rules-busy = 此人的数据正在别处处理，请重新发送。
personal-rule-packs = 规则掌握的情况
personal-rule-packs-purpose = 供评分和跌倒检测接续判断
personal-field-pack = 规则包
personal-field-pack-version = 规则包版本
personal-field-marks = 已读到的位置
personal-field-state = 掌握的内容
personal-field-revision = 变更次数
