"""沙箱支付 Sandbox: a payment provider that moves no money, with its own checkout page."""
