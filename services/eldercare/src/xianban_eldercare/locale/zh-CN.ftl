# Errors: key = reason in lower-kebab
care-file-not-found = 没有找到这份为老服务档案。
care-file-changed = 档案刚被别人修改过，请重新查看后再改。

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
