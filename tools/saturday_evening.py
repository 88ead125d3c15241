"""Saturday evening in fast motion: a stand-in provider that slows down, dies and comes back, a real server, real orders.

Each "minute" lasts a few seconds. Every order is also priced beforehand by a stand-in that never fails, so that the
table can say how many fees equal what the healthy provider would have given.
"""

import argparse
import collections
import concurrent.futures
import csv
import http.client
import json
import math
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MINUTE_S = 4.0
ORDERS_A_MINUTE = 30
# (minutes, what people see, fault of the stand-in provider)
EVENING = [
    (3, "healthy", "latency=30ms"),
    (3, "slow", "latency=2000ms"),
    (4, "dead", "hang"),
    (12, "back", "latency=30ms"),
]
SEED = 20221015
EARTH_M_PER_DEGREE = 111_000


def start(words, log):
    """Starts a program that prints `listening on HOST:PORT`; returns it with its port."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=open(log, "w"), text=True,
                               env={**os.environ, "KAKAO_REST_KEY": "demo-key"})
    line = process.stdout.readline()
    if "listening on" not in line:
        process.wait()
        sys.exit(pathlib.Path(log).read_text().strip() or f"reckon: error: {words[1]}: did not start; see {log}")
    return process, int(line.rsplit(":", 1)[1])


def stop(process):
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=30)


def set_fault(port, spec):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/sim/fault", body=spec)
    if connection.getresponse().status != 200:
        sys.exit(f"reckon: error: the stand-in provider refused the fault '{spec}'")


def bounds(reckon, city):
    info = json.loads(subprocess.run([reckon, "map", "info", city, "--json"], check=True, capture_output=True, text=True).stdout)
    return info["bbox"]


def make_orders(count, bbox):
    """Trips as the market has them: log-normal, median 1.8 km straight, inside the city."""
    west, south, east, north = bbox
    rng = random.Random(SEED)
    orders = []
    while len(orders) < count:
        lat, lon = rng.uniform(south, north), rng.uniform(west, east)
        length = min(max(rng.lognormvariate(7.2, 0.5), 300), 6000)
        angle = rng.uniform(0, 6.283185307179586)
        to_lat = lat + length * math.sin(angle) / EARTH_M_PER_DEGREE
        to_lon = lon + length * math.cos(angle) / (EARTH_M_PER_DEGREE * 0.8)
        if south < to_lat < north and west < to_lon < east:
            orders.append(tuple(round(x, 6) for x in (lat, lon, to_lat, to_lon)))
    return orders


def healthy_fees(reckon, config, orders, out):
    trips, priced = out / "orders.csv", out / "orders-healthy.csv"
    with open(trips, "w", newline="") as file:
        csv.writer(file).writerows([("from_lat", "from_lon", "to_lat", "to_lon"), *orders])
    subprocess.run([reckon, "quote", "--config", config, "--trips", trips, "--out", priced], check=True,
                   env={**os.environ, "KAKAO_REST_KEY": "demo-key"})
    with open(priced) as file:
        rows = list(csv.DictReader(file))
    return [int(row["fee"]) if row["source"].startswith("provider:") else None for row in rows]


def config_file(path, ledger, provider_port, listen):
    path.write_text(json.dumps({
        "map": "../city.rmap",
        "tariffs": [str(ROOT / "data/tariffs/t4-rider-2022.json"), str(ROOT / "data/tariffs/t1-seoul-500m.json")],
        "ledger": f"sqlite:{ledger}", "listen": listen, "vehicle": "motorcycle", "deadline_ms": 800,
        "providers": [{"name": "kakao", "kind": "kakao", "base_url": f"http://127.0.0.1:{provider_port}",
                       "key_env": "KAKAO_REST_KEY"}]}, indent=1))
    return path


def ask(port, order):
    """One quote over HTTP: (source, fee, milliseconds), or a lost one."""
    body = json.dumps({"from": {"lat": order[0], "lon": order[1]}, "to": {"lat": order[2], "lon": order[3]}})
    began = time.monotonic()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/v1/quotes", body=body, headers={"Content-Type": "application/json"})
        answer = connection.getresponse()
        quote = json.loads(answer.read())
        if answer.status != 200:
            return None, None, (time.monotonic() - began) * 1000
        return quote["distance"]["source"], quote["fee"]["total"], (time.monotonic() - began) * 1000
    except (OSError, ValueError, http.client.HTTPException):
        return None, None, (time.monotonic() - began) * 1000


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def print_minute(minute, state, answers):
    sources = collections.Counter((source or "lost").split(":")[0] for source, _, _, _ in answers)
    known = [(fee, healthy) for _, fee, _, healthy in answers if fee is not None and healthy is not None]
    times = [ms for _, _, ms, _ in answers]
    same = f"{sum(fee == healthy for fee, healthy in known) / len(known):.0%}" if known else "-"
    error = f"{statistics.mean(abs(fee - healthy) for fee, healthy in known):.0f}" if known else "-"
    print(f"18:{30 + minute:02d}  {state:<8} {len(answers):>6} {sources['provider']:>9} {sources['road']:>5} "
          f"{sources['geodesic']:>9} {statistics.median(times):>8.1f} {percentile(times, 0.99):>8.1f} "
          f"{same:>8} {error:>10} {sources['lost']:>5}", flush=True)
    return sources


def play(port, provider_port, orders, healthy):
    print("time   provider quotes  provider  road  geodesic   p50 ms   p99 ms same fee  error won  lost")
    seen, minute, at = collections.defaultdict(collections.Counter), 0, 0
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        for minutes, state, fault in EVENING:
            set_fault(provider_port, fault)
            for _ in range(minutes):
                begin, calls = time.monotonic(), []
                for k in range(ORDERS_A_MINUTE):
                    time.sleep(max(0, begin + k * MINUTE_S / ORDERS_A_MINUTE - time.monotonic()))
                    calls.append((pool.submit(ask, port, orders[at]), healthy[at]))
                    at += 1
                seen[state] += print_minute(minute, state, [(*call.result(), fee) for call, fee in calls])
                minute += 1
    return seen


def ensure_city(build, out):
    city = out / "city.rmap"
    if not city.exists() or city.stat().st_mtime < (build / "reckon").stat().st_mtime:
        subprocess.run([build / "reckon_sample_city", "--out", out / "city.osm.pbf"], check=True)
        subprocess.run([build / "reckon", "map", "build", out / "city.osm.pbf", "--out", city], check=True,
                       stdout=subprocess.DEVNULL)
    return city


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", nargs="?", choices=["evening", "serve"], default="evening")
    parser.add_argument("port", nargs="?", type=int, default=8080, help="of serve")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    build, out = options.build.resolve(), options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    reckon, city = build / "reckon", ensure_city(build, out)
    run = out / "saturday"
    if options.mode == "evening":
        if run.exists():
            print(f"replacing the evening recorded in {os.path.relpath(run)}")
        shutil.rmtree(run, ignore_errors=True)
    run.mkdir(exist_ok=True)
    # The stand-in answers for cars, so its routes differ from our motorcycle's where the motor road helps.
    sim = [reckon, "provider-sim", "--map", city, "--vehicle", "car", "--api", "kakao", "--port", "0"]
    provider, provider_port = start(sim, run / "provider.log")
    running = [provider]
    try:
        if options.mode == "serve":
            config = config_file(run / "config.json", "reckon.db", provider_port, f"127.0.0.1:{options.port}")
            server, port = start([reckon, "serve", "--config", config], run / "server.log")
            running.append(server)
            print(f"serving on http://127.0.0.1:{port}  (stand-in provider on {provider_port}); Ctrl-C stops both")
            while True:
                time.sleep(3600)
        minutes = sum(part[0] for part in EVENING)
        orders = make_orders(minutes * ORDERS_A_MINUTE, bounds(reckon, city))
        print(f"pricing {len(orders)} orders with a healthy provider, to compare with", flush=True)
        healthy = healthy_fees(reckon, config_file(run / "healthy.json", "healthy.db", provider_port, "127.0.0.1:0"), orders, run)
        config = config_file(run / "config.json", "reckon.db", provider_port, "127.0.0.1:0")
        server, port = start([reckon, "serve", "--config", config], run / "server.log")
        running.append(server)
        print(f"Saturday evening, {minutes} minutes of {MINUTE_S:.0f} s, deadline 800 ms, tariff t4-rider-2022\n")
        seen = play(port, provider_port, orders, healthy)
    finally:
        codes = [stop(process) for process in reversed(running) if process.poll() is None]
    verified = subprocess.run([reckon, "verify", "--ledger", f"sqlite:{run / 'reckon.db'}"], check=False,
                              capture_output=True, text=True)
    lost = sum(sources["lost"] for sources in seen.values())
    print(f"\nlost quotes: {lost}\nrecord: {verified.stdout.strip()}")
    shown = lambda path: os.path.relpath(path)
    print(f"""
where to look next
  the record          {shown(reckon)} verify --ledger sqlite:{shown(run / 'reckon.db')}
  one more quote      KAKAO_REST_KEY=demo-key {shown(reckon)} quote --config {shown(config)} --from 36.93,125.63 --to 36.94,125.65
  a server to ask     tools/run serve
  how it works        README.md, docs/architecture.md""")
    # The evening must have been one: provider prices while healthy, none while dead, some again afterwards.
    told = seen["healthy"]["provider"] > 0 and seen["dead"]["provider"] == 0 and seen["back"]["provider"] > 0
    if not told:
        print("reckon: error: evening: the provider's failure or return did not show; see the logs in " + shown(run))
    return 0 if told and not lost and verified.returncode == 0 and not any(codes) else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through `finally`, which stops what was started
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
