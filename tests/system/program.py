"""What the system tests share: the built program, a folder that goes with the test, the sample city."""

import atexit
import fcntl
import functools
import http.client
import json
import os
import pathlib
import pty
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

RECKON = os.environ.get("RECKON", "build/release/reckon")
SOURCE = pathlib.Path(os.environ.get("RECKON_SOURCE_DIR", ".")).resolve()
BUILD = pathlib.Path(os.environ.get("RECKON_BUILD_DIR", "build/release")).resolve()

# Two places of the sample city, some 3 km apart.
HERE, THERE = (36.915, 125.615), (36.935, 125.635)


# For what is only slow on a machine that does much else; ctest ends what hangs.
PATIENCE_S = 600


def run(*words, env=None):
    """Runs the program; returns exit code, stdout, stderr."""
    done = subprocess.run([RECKON, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE_S,
                          env={**os.environ, **(env or {})}, check=False)
    return done.returncode, done.stdout, done.stderr


def run_on_terminal(*words, env=None, columns=0):
    """Runs the program with a terminal as its stderr; returns exit code and what was shown there.
    `columns`: of the terminal; 0: it does not say."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown = bytearray()
    with subprocess.Popen([RECKON, *map(str, words)], stdout=subprocess.DEVNULL, stderr=its,
                          env={**os.environ, **(env or {})}) as process:
        os.close(its)
        try:
            while more := os.read(ours, 4096):
                shown += more
        except OSError:  # how Linux tells that nobody holds the other end any more
            pass
        finally:
            os.close(ours)
        code = process.wait(PATIENCE_S)
    return code, shown.decode()


def wait_until(holds, what):
    """Returns once `holds()` is true: a condition, and no guess of how long the machine takes."""
    until = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > until:
            raise AssertionError("in vain: " + what)
        time.sleep(0.01)


@functools.cache
def city_of(vehicles):
    """The sample city's extract and map, made once for all classes of a test."""
    folder = pathlib.Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    extract, compiled = folder / "city.osm.pbf", folder / "city.rmap"
    subprocess.run([BUILD / "reckon_sample_city", "--out", extract], check=True)
    code, _, fault = run("map", "build", extract, "--out", compiled, "--vehicles", vehicles)
    if code != 0:
        raise AssertionError(fault)
    return extract, compiled


class Server:
    """`reckon serve` or `reckon provider-sim` on a free port."""

    def __init__(self, *words, env=None):
        self.process = subprocess.Popen([RECKON, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env={**os.environ, "SIM_KEY": "secret-key-4711", **(env or {})})
        line = self.process.stdout.readline()
        if "listening on" not in line:
            raise AssertionError("did not start: " + self.process.stderr.read())
        self.port = int(line.rsplit(":", 1)[1])

    def ask(self, method, path, body=None, headers=None, timeout=PATIENCE_S):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            try:
                connection.request(method, path, body=body, headers=headers or {})
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before all of it was sent: the answer may be there all the same
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), dict(answer.getheaders())
        finally:
            connection.close()

    def stop(self, with_signal=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            self.process.communicate(timeout=PATIENCE_S)
        finally:
            self.process.stdout.close()
            self.process.stderr.close()
        return self.process.returncode


class CityTest(unittest.TestCase):
    """A folder with the sample city's map and a configuration; gone afterwards."""

    vehicles = "motorcycle,car"  # each takes seconds to build

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.extract, cls.map = (pathlib.Path(shutil.copy(file, cls.folder)) for file in city_of(cls.vehicles))

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def config(self, name="config.json", **changes):
        content = {"map": "city.rmap", "tariffs": [str(SOURCE / "data/tariffs/t4-rider-2022.json")],
                   "ledger": f"sqlite:{name}.db", "listen": "127.0.0.1:0", "deadline_ms": 500, "providers": []}
        content.update(changes)
        path = self.folder / name
        path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
        return path


def provider(port, **changes):
    return {"name": "kakao", "kind": "kakao", "base_url": f"http://127.0.0.1:{port}", "key_env": "SIM_KEY", **changes}


def quote_body(**changes):
    body = {"from": {"lat": HERE[0], "lon": HERE[1]}, "to": {"lat": THERE[0], "lon": THERE[1]}}
    body.update(changes)
    return json.dumps(body)
