# Errors: key = reason in lower-kebab
care-file-not-found = 没有找到这份为老服务档案。
care-file-exists = 已经有档案了，请打开原有档案修改。
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
reason-battery-low-told = 设备报告电量低
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
rung-keeper = 设备管理员
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
personal-field-level-assessed-at = 等级评估时间
personal-field-level-due-at = 等级到期时间
personal-assessments = 能力评估
personal-assessments-purpose = 确定照护等级，并说明等级从何而来
personal-field-id = 编号
personal-field-draft-of = 进行中的评估属于谁
personal-field-rules = 规则版本
personal-field-reason = 原因
personal-field-basics = 地点、评估员与信息提供者
personal-field-answers = 各项答案
personal-field-facts = 诊断与照护风险事件
personal-field-result = 评估结果
personal-field-level = 等级
personal-field-replaces = 更正哪一次
personal-field-opened-by = 由谁开始
personal-field-created-at = 开始时间
personal-field-completed-at = 完成时间
personal-field-due-at = 到期时间
personal-official-levels = 统一需求评估结果
personal-official-levels-purpose = 判断可以享受哪些待遇
personal-field-valid-from = 有效期开始
personal-field-valid-until = 有效期结束
personal-field-decided-by = 评定单位
personal-field-reference = 通知书编号
personal-field-entered-by = 由谁录入

# Ability assessments
assessment-not-found = 没有找到这次评估。
assessment-under-way = 这位老人已有一次正在进行的评估，请先完成或放弃它。
assessment-changed = 评估刚被别人修改过，请重新查看后再改。
assessment-completed = 评估已经完成，不能再改；如有错误，请新建一次评估并注明更正哪一次。
assessment-not-completed = 这次评估还没有完成。
assessment-not-current = 只能更正目前有效的那次评估。
assessors-too-few = 至少要有 { $least } 名评估员签名。
answers-missing = 还有项目没有作答：{ $named }。
answers-wrong = 答案不对：{ $named }。
answer-twice = 同一项目给了两个答案。
facts-missing = 还没有填写诊断和照护风险事件；没有也要确认。
risk-kinds-wrong = 没有这种照护风险事件：{ $named }。
rules-not-found = 没有找到这个版本的评估规则。
rule-answer-missing = 还没有作答
rule-item-unknown = 没有这个项目
rule-answer-out-of-range = 没有这个选项
rule-risk-kind-unknown = 没有这种事件
assessment-sentence = 总分 { $total }（满分 { $maximum }），等级为{ $level }。
assessment-sentence-moved = 总分 { $total }（满分 { $maximum }），按分数为{ $before }，调整后为{ $level }。

# What a level gives
validity-reversed = 有效期的结束不能早于开始。
scale-gbt-42195 = 老年人能力评估
scale-sh-unified = 老年照护统一需求评估
level-gbt-42195-1 = 能力完好
level-gbt-42195-2 = 轻度失能
level-gbt-42195-3 = 中度失能
level-gbt-42195-4 = 重度失能
level-gbt-42195-5 = 完全失能
level-sh-unified-0 = 正常
level-sh-unified-1 = 照护一级
level-sh-unified-2 = 照护二级
level-sh-unified-3 = 照护三级
level-sh-unified-4 = 照护四级
level-sh-unified-5 = 照护五级
level-sh-unified-6 = 照护六级
level-source-assessed = 本区老年人能力评估（GB/T 42195）
level-source-official = { $by }评定，有效期 { $first } 至 { $last }
benefit-granted = 按{ $scale }为{ $level }，可以享受。
benefit-no-level = 没有录入{ $scale }的结果。其他评估的等级不能换算，请先申请这项评估。
benefit-outdated = { $scale }的结果（{ $level }）不在有效期内，请重新申请评估。
benefit-not-this-level = 按{ $scale }为{ $level }，不在享受范围内。

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
personal-field-state = 状态
personal-field-started-by = 发起人
personal-field-started-by-display = 发起人姓名
personal-field-started-at = 开始时间
personal-field-ended-by = 结束人
personal-field-until = 共享到
personal-field-ended-at = 结束时间
personal-field-ended-by-display = 结束人姓名
personal-field-end-note = 结果
personal-field-alert = 报警
personal-field-search = 寻找
personal-field-position = 位置

# Organisations, staff and beds
organisation-not-found = 没有找到这家机构。
organisation-exists = 已有同名编号的机构，请换一个编号。
organisation-changed = 机构信息刚被别人修改过，请重新查看后再改。
area-not-yours = 您不负责区域 { $area }。
staff-not-a-carer = 此人在这家机构的区域内没有护理员身份，请先在身份系统中登记。
staff-not-found = 这家机构没有这位员工。
staff-exists = 这位员工已登记在册，请修改原有记录。
staff-changed = 人员信息刚被别人修改过，请重新查看后再改。
days-reversed = 结束日期不能早于开始日期。
licence-twice = 同一种证书只能登记一张。
bed-not-found = 没有找到这张床位。
bed-exists = 已有这个编号的床位，请换一个编号。
bed-changed = 床位刚被别人修改过，请重新查看后再改。
bed-free = 床位是空的。
bed-held = 床位已为别人预留。
bed-occupied = 床位已有人入住。
bed-closed = 床位已停用。
hold-time = 预留截止时间必须在现在之后，最长 { $days } 天。
resident-has-a-bed = 这位老人已经住在另一张床位。

# Visits
visit-not-found = 没有找到这次上门服务。
visit-reversed = 结束时间必须晚于开始时间。
visit-too-long = 一次上门最长 { $hours } 小时。
visit-far = 上门时间最晚不超过从现在起 { $days } 天。
visit-over = 服务时间已过。
visit-too-early = 最早可在约定时间前一小时签到。
visit-not-over = 服务时间还没有过。
visit-planned = 还没有签到，不能签退。
visit-checked-in = 服务已经开始。
visit-done = 服务已经完成。
visit-missed = 这次服务没有人上门，已经关闭。
visit-cancelled = 这次服务已经取消。
check-in-far = 您距老人家约 { $metres } 米，超过 { $near } 米，请说明原因。
check-in-unlocated = 没有取得您的位置，请说明原因。
task-unknown = 没有这项任务。
note-needed = 有任务没有完成，请写明情况。
carer-not-found = 这家机构没有这位护理员。
carer-not-here = 此人在老人所在区域没有护理员身份。
carer-inactive = 这位护理员目前不排班。
carer-not-employed = { $day } 不在这位护理员的在职日期内。
carer-busy = 这位护理员在 { $times } 已有安排（含路上时间）。
licence-missing = 没有登记所需证书：{ $licence ->
    [health] 健康证明
    [care-worker] 养老护理员职业技能等级证书
    [nurse] 护士执业证书
   *[therapist] 康复治疗技术资格证书
}。
licence-not-valid = { $licence ->
    [health] 健康证明
    [care-worker] 养老护理员职业技能等级证书
    [nurse] 护士执业证书
   *[therapist] 康复治疗技术资格证书
}（{ $number }）在服务当天无效，有效期至 { $until }。
alert-visit-late = 护理员未按时上门
reason-visit-late = { $carer }约定 { $planned } 上门，至今没有签到

# Personal data of visits, beds and staff
personal-visits = 上门服务
personal-visits-purpose = 安排和记录护理员上门服务
personal-beds = 床位
personal-beds-purpose = 记录您预留或入住的床位
personal-kept-bed = 床位本身保留，不再与您有关
personal-licences = 从业证书
personal-licences-purpose = 证明您可以从事所排的服务
personal-employment = 在职信息
personal-employment-purpose = 为您排班
personal-field-organisation = 机构
personal-field-carer = 护理员
personal-field-carer-display = 护理员姓名
personal-field-start-at = 开始时间
personal-field-end-at = 结束时间
personal-field-travel-minutes = 路上时间（分钟）
personal-field-tasks = 任务
personal-field-cancel-reason = 取消原因
personal-field-checked-in-at = 签到时间
personal-field-checked-in-place = 签到位置
personal-field-distance-metres = 与家的距离（米）
personal-field-away-reason = 不在家中签到的原因
personal-field-checked-out-at = 签退时间
personal-field-note = 记录
personal-field-room = 房间
personal-field-hold-until = 预留至
personal-field-person = 本人
personal-field-number = 证书编号
personal-field-issued-on = 发证日期
personal-field-expires-on = 有效期至
personal-field-qualification = 资格
personal-field-employed-on = 入职日期
personal-field-leaves-on = 离职日期

# Rule packs
motion-window-invalid = 运动数据应依次为 x、y、z 三个方向的数值。
rules-busy = 此人的数据正在别处处理，请重新发送。
personal-rule-packs = 规则掌握的情况
personal-rule-packs-purpose = 供评分和跌倒检测接续判断
personal-field-pack = 规则包
personal-field-pack-version = 规则包版本
personal-field-marks = 已读到的位置
personal-field-revision = 变更次数

# Weekly visits
visit-plan-not-found = 没有找到这个每周安排。
visit-plan-ended = 这个每周安排已经结束。
plan-reversed = 最后一天不能早于第一天。
plan-over = 最后一天已经过去。
plan-without-days = 起止日期之间没有所选的星期。
personal-visit-plans = 每周上门安排
personal-visit-plans-purpose = 按周安排护理员上门
personal-visit-plan-days = 未能安排的日子
personal-visit-plan-days-purpose = 告诉站长哪一天还没有人上门、为什么
personal-field-plan = 每周安排
personal-field-plan-day = 所属日期
personal-field-weekdays = 星期
personal-field-starts = 开始时刻
personal-field-minutes = 时长（分钟）
personal-field-first-on = 第一天
personal-field-last-on = 最后一天
personal-field-day = 日期
personal-field-params = 原因的内容
