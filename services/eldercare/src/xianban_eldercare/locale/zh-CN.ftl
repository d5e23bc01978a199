# Errors: key = reason in lower-kebab
care-file-not-found = 没有找到这份为老服务档案。
care-file-changed = 档案刚被别人修改过，请重新查看后再改。
