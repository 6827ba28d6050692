"""The wire: one deadline over everything a call does, and secrets that are nowhere but in the bytes sent."""

import io
import json
import logging
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import connection as sockets

MAX_REPLY_BYTES = 4 * 2**20
CONNECT_SECONDS = 2.0

_CREDENTIAL = re.compile(r"\b(secret|appsecret|js_code|code|access_token|refresh_token|openid)=[^&\s\"']+")


class _HideCredentials(logging.Filter):
    """urllib3 logs each request line at DEBUG, and WeChat wants the AppSecret and the token in that line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _CREDENTIAL.sub(r"\1=…", record.getMessage()), ()
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_HideCredentials())


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `read` is for one silence of the peer; `whole` is for all a call does, the token and retries too."""

    connect: float = CONNECT_SECONDS
    read: float = 5.0
    whole: float = 5.0


class Deadline:
    """A moment by which something has ended, well or not."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that remain, never below nought."""
        return max(0.0, self._at - time.monotonic())

    def within(self, seconds: float) -> "Deadline":
        """The earlier of this deadline and one in so many seconds."""
        return Deadline(min(seconds, self.left()))

    def pause(self, seconds: float, *, keep: float = 0.0) -> bool:
        """Sleep, if `keep` seconds remain afterwards. False: there was no time for it, and none was spent."""
        if self.left() < seconds + keep:
            return False
        time.sleep(seconds)
        return True


@dataclass(slots=True)
class Attempt:
    """One request under way. `left_us`: it may have reached WeChat, so nobody knows whether it was done."""

    deadline: Deadline
    left_us: bool = False


_attempt: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


@contextmanager
def attempt_until(deadline: Deadline) -> Iterator[Attempt]:
    """Every request sent inside ends by this deadline, whatever else was agreed."""
    attempt = Attempt(deadline)
    token = _attempt.set(attempt)
    try:
        yield attempt
    finally:
        _attempt.reset(token)


class AtTheLastMoment(AuthBase):
    """Puts secret fields into a request as it is sent, so no frame an error travels through ever holds them.

    They go where WeChat wants them: into the address, or (`in_body`) into the JSON of a POST.
    """

    def __init__(self, fields: Mapping[str, str], *, in_body: bool = False) -> None:
        self._fields, self._in_body = dict(fields), in_body

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._in_body:
            asked: dict[str, Any] = json.loads(request.body or b"{}")
            request.prepare_body(data=None, files=None, json=asked | self._fields)
        else:
            request.prepare_url(request.url, self._fields)
        return request


class Wire(HTTPAdapter):
    """One deadline over finding, connecting, greeting and reading, for every call whatever wechatpy passes or forgets.

    A read timeout alone begins anew with every byte a dying peer drips, a connect timeout with every address it has,
    and wechatpy fetches tokens with no timeout at all. (Looking up the name is the one step no socket can bound.)
    """

    def __init__(self, timeouts: Timeouts) -> None:
        super().__init__()  # max_retries=0: a request that left this machine is never sent twice
        self._timeouts = timeouts

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """requests' own, with our connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """The same for a proxy of the environment."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send and read to the end. Raises requests' and urllib3's errors."""
        limits, outer = self._timeouts, _attempt.get()
        whole = limits.whole if outer is None else min(limits.whole, outer.deadline.left())
        if whole <= 0:
            raise requests.ConnectTimeout
        with attempt_until(Deadline(whole)) as attempt:
            try:
                kwargs |= {"stream": True, "timeout": urllib3.Timeout(whole, limits.connect, limits.read)}
                response = super().send(request, *args, **kwargs)
                try:
                    body = _read_all(response.raw, attempt.deadline)
                finally:
                    response.raw.close()
            finally:
                if outer is not None:
                    outer.left_us = attempt.left_us
        response.raw = io.BytesIO(body)
        return response


def _read_all(raw: urllib3.BaseHTTPResponse, deadline: Deadline) -> bytes:
    body = bytearray()
    while chunk := raw.read1(65536, decode_content=True):
        body += chunk
        if not deadline.left():
            raise requests.Timeout
        if len(body) > MAX_REPLY_BYTES:
            raise requests.exceptions.ContentDecodingError
    return bytes(body)


class _Hurried(io.RawIOBase):
    """What a socket says, each time awaited no longer than one silence and the whole call allow."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._silence, self._deadline = sock, sock.gettimeout(), deadline
        self._raw = sock.makefile("rb", buffering=0)  # counted by the socket, which closes after it

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline.left()
        if not left:
            raise TimeoutError
        self._sock.settimeout(left if self._silence is None else min(left, self._silence))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._raw.close()


class _Socket:
    """A socket whose reader is hurried. Everything else is the socket itself."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_Hurried(self._sock, self._deadline))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _InTime(HTTPConnection):
    """A connection that knows the deadline of the attempt it serves. It is used once."""

    def _new_conn(self) -> socket.socket:
        """Try each address of the host, in the time that is left for all of them."""
        attempt, error = _attempt.get(), OSError("no address")
        allowed = self.timeout if isinstance(self.timeout, int | float) else CONNECT_SECONDS
        deadline = Deadline(allowed) if attempt is None else attempt.deadline
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, sockets.allowed_gai_family(), socket.SOCK_STREAM)
        except OSError as lost:  # gaierror
            raise NameResolutionError(self.host, self, lost) from None  # type: ignore[arg-type]
        for place, (*_, address) in enumerate(found):
            share = min(allowed, deadline.left() / (len(found) - place))
            if share <= 0:
                break
            try:
                return sockets.create_connection(
                    (str(address[0]), int(address[1])), share, self.source_address, self.socket_options
                )
            except OSError as failed:
                error = failed
        if isinstance(error, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time")
        raise NewConnectionError(self, "no connection")

    def connect(self) -> None:
        super().connect()
        _hurry(self)


class _InTimeTLS(HTTPSConnection):
    _new_conn = _InTime._new_conn

    def connect(self) -> None:
        super().connect()
        _hurry(self)


def _hurry(connection: HTTPConnection) -> None:
    """It stands, and the request goes out on it at once: from here on nobody knows what WeChat did."""
    attempt = _attempt.get()
    if attempt is not None and connection.sock is not None:
        attempt.left_us = True
        connection.sock = _Socket(connection.sock, attempt.deadline)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _InTime


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _InTimeTLS


_POOLS = {"http": _Pool, "https": _PoolTLS}
