alert-oxygen-low = 血氧偏低
rung-family = 家属
rung-neighbourhood = 居委
rung-station = 服务站
rung-120 = 120
reason-oxygen-below = 血氧 { $value } %
