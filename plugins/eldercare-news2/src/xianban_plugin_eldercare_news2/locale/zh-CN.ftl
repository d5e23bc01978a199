alert-news2 = 早期预警评分偏高
reason-news2 = 早期预警评分 NEWS2 为 { $score } 分（满分 20 分）
reason-news2-single = 早期预警评分 NEWS2 为 { $score } 分（满分 20 分），其中单项达到 3 分
reason-news2-part = { $kind ->
    [respiratory-rate] 呼吸 { $value } 次/分：{ $points } 分
    [oxygen-saturation] 血氧 { $value } %：{ $points } 分
    [supplemental-oxygen] 正在吸氧：{ $points } 分
    [systolic-pressure] 收缩压 { $value } mmHg：{ $points } 分
    [heart-rate] 心率 { $value } 次/分：{ $points } 分
    [consciousness] 意识不清：{ $points } 分
   *[other] 体温 { $value } ℃：{ $points } 分
}
reason-news2-basis = { $scale ->
    [two] 血氧按标准二评分（医嘱目标 88–92 %）
   *[one] 血氧按标准一评分
}{ $assumed ->
    [none] { "" }
    [consciousness] ；无人报告意识状态，按清醒计
    [supplemental-oxygen] ；无人报告吸氧，按未吸氧计
   *[other] ；无人报告意识状态和吸氧，按清醒、未吸氧计
}
alert-news2-sensor-off = 传感器未测到数据
reason-news2-sensor-off = { $kind ->
    [respiratory-rate] 没有测到呼吸，无法评分
    [oxygen-saturation] 没有测到血氧，无法评分
    [systolic-pressure] 没有测到收缩压，无法评分
    [heart-rate] 没有测到心率，无法评分
   *[other] 没有测到体温，无法评分
}
