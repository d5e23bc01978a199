# 网关自己的答复
reply-400 = 请求格式不正确。
reply-401 = 请先登录，或登录凭证已失效。
reply-404 = 没有这个接口。
reply-405 = 此接口不支持该请求方法。
reply-408 = 请求发送太慢，请重试。
reply-413 = 提交的内容太大。
reply-415 = 不支持这种内容格式。
reply-429 = 请求太频繁，请稍后再试。
reply-431 = 请求头太大。
reply-500 = 服务出错了，请稍后再试。
reply-502 = 服务应答异常，请稍后再试。
reply-503 = 服务暂时不可用，请稍后再试。
reply-504 = 服务响应超时，请稍后再试。
reply-home = 返回首页

# 接口文档
api-summary = 一个城区的居民服务：同一套接口，可用 JSON、gRPC 或 gRPC-Web 调用。
api-description = 时间为 RFC 3339（UTC），金额以分为单位，64 位整数写作字符串。每个写操作带 requestId：同一编号与内容得到同一结果。错误均为 google.rpc.Status，语言随 Accept-Language。请求体中的未知字段会被忽略，未知查询参数会被拒绝。
tag-identity = 身份与授权
tag-parking = 智慧停车
tag-notify = 消息中心
docs-title = 开放接口
docs-download = 下载 OpenAPI 文档
docs-parameters = 参数
docs-body = 请求体
docs-answers = 返回
docs-required = 必填
docs-anonymous = 无需登录
docs-token = 需要受众为 { $audience } 的访问令牌
docs-live = 实时推送（SSE）
docs-schemas = 数据结构
# `xianban doctor`。
doctor-edge-away = Envoy 未在本机运行
doctor-edge-refused = Envoy 启动以来拒绝了 { $count } 次配置，仍用旧配置：其日志指明字段
doctor-edge-stale = Envoy 不认识 { $services }：请重启网关，或向其发送 SIGHUP
doctor-edge-well = Envoy 正在运行，认识所有已安装的服务，未拒绝任何配置
