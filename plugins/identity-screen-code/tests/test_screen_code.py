from xianban_identity.hookspecs import CodeMessage
from xianban_plugin_identity_screen_code.plugin import register_code_sender


def test_the_code_comes_back_for_the_screen_and_the_sender_is_for_demos_only():
    sender = register_code_sender()
    delivery = sender.send(CodeMessage("13900000001", "123456", "zh-CN", 5))
    assert delivery.accepted
    assert delivery.screen_code == "123456"
    assert sender.demo_only
