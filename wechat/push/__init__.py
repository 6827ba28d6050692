"""What WeChat sends to us: proving that it is WeChat, opening it, and saying in our words what it says.

Pure: no clock, no network, no Flask. The platform's rules are in its documentation, "消息推送": a signature is the SHA-1 of
the sorted parts joined; a sealed message is AES-256-CBC over 16 random bytes, a length, the text and the appid.

wechatpy is not used here: it compares signatures in variable time, reads XML only, and takes every media check of version
2 for a refusal.
"""

from wechat.push.delivery import Callback, Push, open_envelope, open_push, read, verify_url
from wechat.push.reading import BODY_MOST, DEPTH_MOST, parse
from wechat.push.refusals import BadKey, Forged, Malformed, PushRefused, Stale
from wechat.push.sealing import Opened, key_bytes, open_user_data, seal, unseal
from wechat.push.signatures import AGE_MOST, check_age, raw_data_signature, raw_data_signed_well, sign, signed_well

__all__ = [
    "AGE_MOST",
    "BODY_MOST",
    "DEPTH_MOST",
    "BadKey",
    "Callback",
    "Forged",
    "Malformed",
    "Opened",
    "Push",
    "PushRefused",
    "Stale",
    "check_age",
    "key_bytes",
    "open_envelope",
    "open_push",
    "open_user_data",
    "parse",
    "raw_data_signature",
    "raw_data_signed_well",
    "read",
    "seal",
    "sign",
    "signed_well",
    "unseal",
    "verify_url",
]
