"""A real Redis for what may be kept there."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
import redis


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of our own on a free port, or the usual one of this machine."""
    program = shutil.which("redis-server")
    if program is None:
        try:
            redis.Redis(port=6379, socket_timeout=1).ping()
        except redis.RedisError:
            pytest.skip("no redis-server program, and none on 127.0.0.1:6379")
        yield "redis://127.0.0.1:6379/15"
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        client = redis.Redis(port=port)
        for _ in range(200):
            try:
                client.ping()
                break
            except redis.RedisError:
                time.sleep(0.02)
        client.close()
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()
