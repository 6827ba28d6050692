"""Is this address this very machine? Asked by the client (plain http, no proxy) and by the sandbox (nowhere else)."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host name or address stays on this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
