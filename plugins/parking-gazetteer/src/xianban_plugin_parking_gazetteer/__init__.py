"""Finds places of Fengxian by Chinese, pinyin or English, typos forgiven."""
