site-title = 养老
site-summary = 看身体数据、处理提醒、一键呼救
nav-eldercare = 养老
nav-alerts = 提醒记录
nav-file = 为老服务档案
nav-board = 值守台
nav-elders = 老人名册
section-home = 现在的情况
sections-label = 养老服务
tile-none-open = 您负责的区域没有待处理的提醒
tile-open = 待处理提醒 { $count } 条，其中 { $untaken } 条还没有人接手
acting-here = 您正在为 { $name } 办理。
part-away = 这部分暂不可用
part-away-text = 本页其他内容不受影响，请稍后再试。
note = 说明
search = 查找
somebody = 一位工作人员或家人
contact = 联系人
times = { $count } 次

## 现在的情况。
home-title = 养老
home-lead = 每个数值都标明何时测得；不可信的数据不当数字显示。
how-title = 现在的情况
state-away = 暂时看不到身体数据
state-away-text = 看不到不代表一切正常。请打电话问候本人，紧急时直接拨打 120。
no-file-title = 还没有为老服务档案
no-file-text = 建立档案后，才能接收身体数据和提醒。一键呼救不受影响。
no-consent-title = 还没有同意监测身体数据
no-consent-text = 本人同意后，设备的数据才会接收和显示；同意可以随时撤回。一键呼救不受影响。
no-consent-go = 去看“我的同意”
no-devices-title = 还没有设备上报数据
no-devices-text = 绑定手环等设备后，这里会显示心率、血氧等数值。
open-alerts = 待处理的提醒
vitals-title = 身体数据
last-good = 上次可信的数值在 { $time }（{ $age }）
last-good-never = 还没有收到过可信的数值
clock-wrong = 设备时钟不准，时间以收到时为准
band = 提醒范围 { $low } – { $high }
band-from = 提醒范围：不低于 { $low }
band-to = 提醒范围：不高于 { $high }
beyond-low = 低于提醒范围
beyond-high = 高于提醒范围
verdict-fresh = 按时测得
verdict-late = 数据稍晚，仅供参考
verdict-stale = 数据过旧
verdict-implausible = 数据不可信
verdict-silent = 没有数据
withheld-fresh = 数值未知
withheld-late = 数值未知
withheld-stale = 最近一次数据太旧，不予显示
withheld-implausible = 测得的数据不可能是真的，不予显示
withheld-silent = 设备没有发来数据
unit-per-minute = 次/分
unit-percent = %
unit-celsius = ℃
unit-mmhg = mmHg
switch-smoke-on = 检测到烟雾
switch-smoke-off = 没有烟雾
switch-gas-on = 检测到燃气
switch-gas-off = 没有燃气泄漏
switch-door-on = 门开着
switch-door-off = 门关着
switch-motion-on = 有人活动
switch-motion-off = 没有活动
kind-heart-rate = 心率
kind-oxygen-saturation = 血氧
kind-respiratory-rate = 呼吸
kind-body-temperature = 体温
kind-systolic-pressure = 收缩压
kind-diastolic-pressure = 舒张压
kind-smoke = 烟雾
kind-gas = 燃气
kind-battery = 设备电量
call-contact = 打电话给{ $relation } { $name }
call-120 = 拨打 120 急救电话
contacts-unknown = 建立为老服务档案后，可以在这里一键拨打家人的电话。
contacts-away = 现在看不到联系人，请直接拨打 120 或家人的电话。

## 呼救。
help-title = 求助
sos-title = 呼救
sos-press = 一键呼救
sos-note = 按下后会再问一次，5 秒内可以取消。
sos-follow = 查看呼救进展
sos-question = 要呼救吗？
sos-press-again = 请再按一次红色按钮，马上通知家人和服务站。
sos-counting = … 秒后自动呼救
sos-now = 马上呼救
sos-wrong-press = 按错了，不呼救
sos-failed = 呼救没有发出去！
sos-failed-text = 请马上拨打 120，或者打电话给家人。也可以再按一次红色按钮。
sos-calling = 正在呼叫
sos-acknowledged = 已有人接听
sos-answered-by = { $name } 已接听
sos-coming = 正在路上
sos-over = 已结束
sos-none = 现在没有进行中的呼救。
sos-since = 呼救时间：{ $time }
sos-away = 暂时看不到呼救进展
sos-away-text = 已发出的呼救仍会继续。情况紧急请直接拨打 120。
sos-cancel = 取消呼救
sos-cancel-question = 确定不需要帮助了吗？已经得到通知的人会知道您取消了。
sos-again = 再次呼救
sos-reload = 刷新

## 一项数值的变化。
vital-lead = 每小时的平均、最低和最高值，与提醒范围对照。
vital-caption = { $name }（{ $span }）
span-label = 时间范围
span-day = 最近 24 小时
span-week = 最近 7 天
chart-hour = 时间
chart-mean = 平均
chart-least = 最低
chart-most = 最高
chart-low = 范围下限
chart-high = 范围上限
vital-gaps = 没有可信数据的小时留空，不作推测。当前这一小时结束后才会显示。
vital-none = 这段时间没有可信的数据。

## 提醒。
alerts-title = 提醒记录
alerts-lead = 发生了什么、谁在处理、接下来通知谁。
alerts-filter = 筛选提醒
alerts-all = 全部
alerts-open = 未关闭
alerts-none = 没有提醒。
alert-now = 目前情况
alert-steps = 经过
alert-since = 发生于
alert-cleared = 情况已恢复
alert-untaken = 还没有人接手
alert-taken-by = { $name } 正在处理
alert-was-taken-by = 由 { $name } 处理
severity-minor = 蓝色 · 一般
severity-moderate = 黄色 · 较重
severity-severe = 橙色 · 严重
severity-extreme = 红色 · 特别严重
alert-state-raised = 待接手
alert-state-acknowledged = 已有人接手
alert-state-dispatched = 已派人前往
alert-state-resolved = 已处置
alert-state-closed = 已关闭
next-rung = 已通知{ $rung }，下一级通知：
next-rung-first = 下一次通知：
until-left = …后
until-now = 正在通知
rung-told = 已通知{ $rung }
take-it = 我来处理
take-note-hint = 例如：我 10 分钟后到
take-means = 按下后不再通知下一级，已得到通知的人会知道是您在处理。
taken-done = 您已接手，已得到通知的人会收到消息。
fact-raised = 发生时间
fact-who = 由谁处理
fact-sent = 派出
fact-rung = 最近通知到
fact-occurrences = 出现次数
fact-cleared = 恢复时间
fact-resolved = 处置时间
fact-closed = 关闭时间
step-raised = 发出提醒
step-repeated = 情况又出现
step-told = 已通知
step-acknowledged = 已接手
step-dispatched = 已派人
step-cleared = 情况恢复
step-resolved = 已处置
step-closed = 已关闭
step-noted = 记录
step-unhandled = 接手后久未处置，继续通知
step-other = 有更新
elsewhere-title = 这条提醒不在这里
elsewhere-text = 它可能属于您照顾的人。请先切换为代其办理，再从消息里打开。
elsewhere-acting = 它不属于您现在代办的人。请切换到对应的人，再从消息里打开。
elsewhere-switch = 代办切换

## 档案。
file-title = 为老服务档案
file-lead = 让照护的人了解必要的情况；谁看过都有记录。
file-none = 还没有档案。
file-open = 建立档案
file-edit = 修改档案
file-edit-lead = 留空的行不会保存；要删除一行，把它清空。
file-saved = 档案已保存。
file-person = 基本情况
file-name = 姓名
file-area = 街镇
file-address = 住址
file-living = 居住情况
file-level = 照护等级
file-updated = 更新时间
file-contacts = 联系人
file-conditions = 健康状况
file-allergies = 过敏
file-for-now = 联系与住址
contacts-none = 还没有联系人。
contacts-hint = 按先后顺序联系，排在最前的先打。
contact-number = 联系人 { $number }
contact-name = 姓名
contact-phone = 电话
contact-relation = 关系（如“女儿”）
conditions-hint = 照护人或急救人员必须知道的疾病。
condition-number = 健康状况 { $number }
condition-display = 名称
condition-code = 编码（ICD-10，可不填）
allergies-hint = 每行一项，例如：青霉素
nothing-noted = 没有记录。
area-nanqiao = 南桥镇
area-fengpu = 奉浦街道
living-unspecified = 未填写
living-alone = 独居
living-with-spouse = 与配偶同住
living-with-family = 与子女或亲属同住
living-in-institution = 机构养老
level-unspecified = 未评估
level-intact = 能力完好
level-mild = 轻度失能
level-moderate = 中度失能
level-severe = 重度失能
level-complete = 完全失能
level-any = 不限
level-least = { $level }及以上
limits-title = 提醒范围
limits-lead = 超出本人范围并持续一段时间，就会通知家人和服务站。请按医生的建议设定；不需要的一侧留空。
limits-saved = 提醒范围已保存，半分钟内生效。
limits-none = 没有可设定的数值。
limits-fixed = 设备自带的提醒
limit-own = 本人范围
limit-default = 全区默认
limit-kind = 项目
limit-low = 下限
limit-high = 上限
limit-sustain = 持续多少分钟
limit-severity = 严重程度
limit-not-a-number = “{ $typed }”不是数字，请填写例如 36.5。

## 值守。
board-title = 值守台
board-lead = 您负责的区域里待处理的提醒，最紧急的在前。
board-open = 待处理 { $count } 条
board-none = 没有待处理的提醒。
board-to-close = 已处置，等待关闭
board-handle = 处理
subject-unknown = 未登记姓名
deeds-title = 处理
deed-acknowledge = 我来处理
deed-dispatch = 派人前往
deed-escalate = 立即通知下一级
deed-resolve = 记为已处置
deed-close = 关闭
deed-done-acknowledge = 您已接手。
deed-done-dispatch = 已派人前往。
deed-done-escalate = 已通知下一级。
deed-done-resolve = 已记为处置完毕。
deed-done-close = 已关闭。
dispatch-to = 派谁去
dispatch-other = 其他人或单位（填写后以此为准）
outside-120 = 120 急救
outside-119 = 119 消防
outside-110 = 110 公安
escalate-means = 不等时间到，马上通知下一级的人。
resolve-hint = 发现了什么、做了什么
resolve-note-missing = 请写明发现了什么、做了什么。
close-means = 关闭后不能再改。
false-alarm = 误报（计入这条规则的误报率）
position = 位置：北纬 { $latitude }，东经 { $longitude }，误差约 { $metres } 米
elder-more = 查看 { $name } 的详细情况
elders-title = 老人名册
elders-lead = 您负责区域内的为老服务档案。
elders-search = 姓名
elders-none = 没有符合条件的老人。

## 消息。
message-eldercare-alert-told-title = { $rule ->
    [sos] { $subject }正在呼救
    [fall] { $subject }可能跌倒了
    [smoke-high] { $subject }家中烟雾报警
    [gas-high] { $subject }家中燃气报警
    [heart-rate-low] { $subject }心率过低
    [heart-rate-high] { $subject }心率过高
    [oxygen-saturation-low] { $subject }血氧过低
    [respiratory-rate-low] { $subject }呼吸过慢
    [respiratory-rate-high] { $subject }呼吸过快
    [body-temperature-low] { $subject }体温过低
    [body-temperature-high] { $subject }体温过高
    [systolic-pressure-low] { $subject }血压过低
    [systolic-pressure-high] { $subject }血压过高
    [device-silent] { $subject }的设备失联
    [news2] { $subject }：早期预警评分偏高
    [news2-sensor-off] { $subject }：传感器未测到数据
    [battery-low] { $subject }的设备电量低
   *[other] { $subject }有新的提醒
}
message-eldercare-alert-told = { $severity ->
    [extreme] 情况特别紧急，请立即查看并处理；联系不上请拨打 120。
    [severe] 情况严重，请尽快查看。能处理请按“我来处理”，否则会通知下一级。
   *[other] 请查看。能处理请按“我来处理”，否则会通知下一级。
}
message-eldercare-alert-taken-title = { $subject }的提醒有人处理了
message-eldercare-alert-taken = { $by } 已接手，您不必再赶过去；打开可以看到进展。
message-eldercare-alert-over-title = { $subject }的提醒已结束
message-eldercare-alert-over = { $by } 说已经没事了，您不必再赶过去；打开可以看到经过。
message-eldercare-alert-worse-title = { $subject }的情况加重了
message-eldercare-alert-worse = { $severity ->
    [extreme] 您正在处理的提醒已升为红色（特别严重），请马上查看。
    [severe] 您正在处理的提醒已升为橙色（严重），请马上查看。
   *[other] 您正在处理的提醒有加重，请马上查看。
}
