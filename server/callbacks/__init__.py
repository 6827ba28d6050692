"""微信推送: what WeChat tells us of its own accord."""
