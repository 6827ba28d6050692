"""A small WeChat of our own, on loopback only: it answers as api.weixin.qq.com does and remembers what it was asked.

The appid and secret below are public on purpose. They open nothing but a sandbox.
"""

DEFAULT_APPID = "wx-sandbox"
DEFAULT_SECRET = "sandbox-secret"  # noqa: S105 - see above
