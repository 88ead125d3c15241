"""The same trace bytes from g++ without optimisation and from clang with all of it: the fee room is compiled by both."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from program import BUILD, SOURCE  # noqa: E402

CLANG = shutil.which("clang++-14") or shutil.which("clang++")
LAUNCHER = [shutil.which("ccache")] if shutil.which("ccache") else []
FLAGS = ["-std=c++20", "-ffp-contract=off", "-DUSE_OS_TZDB=1", "-DHAS_STRING_VIEW=1", "-DONLY_C_LOCALE=1", "-DNDEBUG",
         f"-I{SOURCE}/engine", f"-I{SOURCE}/tests"]
LIBRARIES = ["-ldate-tz", "-lfmt", "-lcrypto"]


def sources():
    """What pricing needs, and the program that prices."""
    told_only = {"explain.cc", "lint.cc"}
    fee = [path for path in (SOURCE / "engine/reckon/fee").glob("*.cc") if path.name not in told_only]
    names = ("clock", "digits", "hash", "json_pen", "json_reader", "json_writer", "local_time", "plain_text", "result", "time_text")
    base = [SOURCE / f"engine/reckon/base/{name}.cc" for name in names]
    geo = [SOURCE / f"engine/reckon/geo/{name}.cc" for name in ("area_index", "polygon")]
    tests = [SOURCE / "tests/determinism/trace_hashes.cc", SOURCE / "tests/fee/random_tariff_fixture.cc"]
    return sorted(fee) + base + geo + tests


def build(compiler, level, folder):
    """The hashing program by one compiler at one level."""
    folder.mkdir(parents=True, exist_ok=True)

    def compile_one(path):
        out = folder / f"{path.parent.name}_{path.stem}.o"
        done = subprocess.run([*LAUNCHER, compiler, level, *FLAGS, "-c", path, "-o", out], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{compiler} {path}:\n{done.stderr[-4000:]}")
        return out

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, sources()))
    program = folder / "trace_hashes"
    subprocess.run([compiler, *objects, *LIBRARIES, "-o", program], check=True)
    return program


class SameBytes(unittest.TestCase):
    def test_two_compilers_agree_in_every_trace(self):
        if CLANG is None:
            self.skipTest("clang++ is not installed: the bytes of two compilers are not compared")
        tariffs = sorted((SOURCE / "data/tariffs").glob("*.json"))
        ways = (("g++", "-O0"), (CLANG, "-O3"))
        programs = [build(*way, BUILD / "same-bytes" / (pathlib.Path(way[0]).name + way[1])) for way in ways]
        pairs = BUILD / "same-bytes/pairs"
        subprocess.run([programs[0], "write", pairs], check=True)
        first, second = [subprocess.run([program, pairs, *tariffs], capture_output=True, text=True, check=True).stdout
                         for program in programs]
        self.assertGreater(len(first.splitlines()), 100)
        self.assertEqual(first.splitlines(), second.splitlines())


if __name__ == "__main__":
    unittest.main()
