"""Everything between us and WeChat: the gateway we ask, the live client behind it, and a sandbox to ask instead."""
