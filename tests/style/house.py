"""The house's rules, kept by a test: arrows between rooms, where third-party headers may stand, sizes, headers."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1])
ENGINE = ROOT / "engine" / "reckon"

# A room may include only itself and what stands after its arrow (docs/architecture.md).
ARROWS = {
    "base": set(),
    "geo": {"base"},
    "road": {"base", "geo"},
    "provider": {"base", "geo"},
    "fee": {"base", "geo"},
    "distance": {"base", "geo", "road", "provider"},
    "dispatch": {"base", "geo", "road"},
    "ledger": {"base", "fee", "distance", "dispatch"},
    "service": {"base", "geo", "road", "provider", "fee", "distance", "dispatch", "ledger"},
}

# Third-party headers stay in the .cc files of the rooms named here.
THIRD_PARTY = {
    "GeographicLib/": {"geo"},
    "boost/": {"geo"},
    "osmium/": {"road"},
    "protozero/": {"road"},
    "rapidjson/": {"base"},
    "httplib.h": {"service"},
    "sqlite3.h": {"ledger"},
    "libpq-fe.h": {"ledger"},
    "xlsxwriter.h": {"ledger"},
    "date/": {"base"},
    "openssl/": {"base", "provider"},
}

MAX_HEADER_LINES = 300
MAX_SOURCE_LINES = 900
MAX_FUNCTION_LINES = 70
MAX_LONG_FUNCTION_SHARE = 0.03

faults = []


def fault(path, line, text):
    faults.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def check_includes(path, room):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        own = re.match(r'\s*#include "reckon/(\w+)/', line)
        if own and own[1] != room and own[1] not in ARROWS[room]:
            fault(path, number, f"room '{room}' may not include '{own[1]}'; allowed: {sorted(ARROWS[room]) or 'nothing'}")
        system = re.match(r"\s*#include <([^>]+)>", line)
        if not system:
            continue
        for prefix, rooms in THIRD_PARTY.items():
            if system[1].startswith(prefix) and (room not in rooms or path.suffix == ".h"):
                fault(path, number, f"<{system[1]}> belongs into .cc files of {sorted(rooms)}")


def check_header(path, text):
    if "#pragma once" not in text.splitlines()[:3]:
        fault(path, 1, "a header begins with #pragma once")
    if not re.search(r"^// ", text, re.M):
        fault(path, 1, "a header opens with what the thing is for")
    if re.search(r"^using namespace", text, re.M):
        fault(path, 1, "no using namespace in a header")


def function_lengths(text):
    """Lengths of brace blocks that begin at column 0 or 2 with a parenthesis before the brace: functions, as formatted."""
    start = None
    indent = ""
    for number, line in enumerate(text.splitlines(), 1):
        opened = re.match(r"^( {0,4})\S.*\)[^;]*\{$", line)
        if start is None and opened and not re.match(r"^\s*(namespace|struct|class|enum|if|for|while|switch|else)", line):
            start, indent = number, opened[1]
        elif start is not None and line.startswith(indent + "}"):
            yield start, number - start + 1
            start = None


long_functions, functions = [], 0
for path in sorted(p for top in ("engine", "tools", "tests", "bench") for p in (ROOT / top).rglob("*")):
    if path.suffix not in (".h", ".cc"):
        continue
    text = path.read_text()
    lines = text.count("\n")
    limit = MAX_HEADER_LINES if path.suffix == ".h" else MAX_SOURCE_LINES
    if lines > limit:
        fault(path, lines, f"{lines} lines; at most {limit} are allowed")
    if path.suffix == ".h":
        check_header(path, text)
    if path.is_relative_to(ENGINE):
        room = path.relative_to(ENGINE).parts[0]
        if room in ARROWS:
            check_includes(path, room)
            for start, length in function_lengths(text):
                functions += 1
                if length > MAX_FUNCTION_LINES:
                    long_functions.append((path, start, length))

if functions and len(long_functions) / functions > MAX_LONG_FUNCTION_SHARE:
    for path, start, length in long_functions:
        fault(path, start, f"function of {length} lines; more than {MAX_LONG_FUNCTION_SHARE:.0%} exceed {MAX_FUNCTION_LINES}")

tracked = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=False).stdout.split()
for name in tracked:
    path = ROOT / name
    if path.suffix in (".h", ".cc", ".py", ".md", ".json", ".txt", "") and path.is_file():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if re.search(r"(^|[^A-Za-z0-9._-])/(work|farm|root)/", line) and path.name != "house.py":
                fault(path, number, "names a path of one machine")

for text in faults:
    print(text)
print(f"{functions} functions, {len(long_functions)} over {MAX_FUNCTION_LINES} lines, {len(faults)} faults")
sys.exit(1 if faults else 0)
