"""reckon provider-sim behind its real socket: both formats, every fault, bad specifications, a clean stop."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

RECKON = os.environ["RECKON"]
SHARED = pathlib.Path(os.environ.get("RECKON_SHARED_DATA", pathlib.Path(os.environ["RECKON_SOURCE_DIR"]) / "../shared/data"))
EXTRACT = SHARED / "maps" / "seoul-central.osm.pbf"
FROM, TO = (37.5665, 126.9780), (37.5720, 126.9860)  # city hall, Jongno
KAKAO = f"/v1/directions?origin={FROM[1]},{FROM[0]}&destination={TO[1]},{TO[0]}&summary=true"
OSRM = f"/route/v1/driving/{FROM[1]},{FROM[0]};{TO[1]},{TO[0]}?overview=false"
KEY = {"Authorization": "KakaoAK test"}


class Sim:
    """One running provider-sim."""

    def __init__(self, map_file, *options):
        self.process = subprocess.Popen(
            [RECKON, "provider-sim", "--map", map_file, "--vehicle", "motorcycle", "--api", "kakao,osrm", "--port", "0", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on 127.0.0.1:"), line + self.process.stderr.read()
        self.port = int(line.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=5)
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def get(self, path, headers=KEY, timeout=3, method="GET", body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode(), dict(response.getheaders())
        finally:
            connection.close()

    def fault(self, spec):
        return self.get("/sim/fault", method="POST", body=spec)


class ProviderSim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.map = os.environ.get("RECKON_TEST_MAP")
        if cls.map:
            return
        if not EXTRACT.exists():
            raise unittest.SkipTest(f"SKIPPED: {EXTRACT} is absent; set RECKON_SHARED_DATA")
        cls.map = str(pathlib.Path(cls.folder.name) / "seoul.rmap")
        subprocess.run([RECKON, "map", "build", str(EXTRACT), "--out", cls.map, "--vehicles", "motorcycle"], check=True, stdout=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_both_formats_tell_the_map_s_route(self):
        with Sim(self.map) as sim:
            status, body, _ = sim.get(KAKAO)
            summary = json.loads(body)["routes"][0]["summary"]
            self.assertEqual(status, 200)
            self.assertEqual((summary["origin"]["x"], summary["origin"]["y"]), (FROM[1], FROM[0]))
            status, body, _ = sim.get(OSRM, headers=None)
            route = json.loads(body)["routes"][0]
            self.assertEqual(status, 200)
            self.assertEqual(route["distance"], summary["distance"])
            self.assertGreater(summary["distance"], 900)
            self.assertAlmostEqual(route["duration"], summary["duration"], delta=0.6)

    def test_refusals_are_the_vendors_own(self):
        with Sim(self.map) as sim:
            cases = [
                (KAKAO, None, 401, ["code"], -401),
                ("/v1/directions?origin=x", KEY, 400, ["code"], -2),
                (f"/v1/directions?origin={FROM[1]},{FROM[0]}&destination={FROM[1]},{FROM[0]}", KEY, 200, ["routes", 0, "result_code"], 104),
                ("/route/v1/driving/1", None, 400, ["code"], "InvalidOptions"),
                ("/route/v1/driving/x;y", None, 400, ["code"], "InvalidQuery"),
            ]
            for path, headers, status, where, value in cases:
                with self.subTest(path=path):
                    got, body, _ = sim.get(path, headers=headers)
                    node = json.loads(body)
                    for step in where:
                        node = node[step]
                    self.assertEqual((got, node), (status, value))
            self.assertEqual(sim.get("/nothing")[0], 404)

    def test_faults_that_answer(self):
        with Sim(self.map) as sim:
            right = json.loads(sim.get(KAKAO)[1])["routes"][0]["summary"]["distance"]
            self.assertEqual(sim.fault("error=503")[0], 200)
            self.assertEqual(sim.get(KAKAO)[0], 503)
            sim.fault("throttle=429")
            status, _, headers = sim.get(KAKAO)
            self.assertEqual((status, headers["Retry-After"]), (429, "1"))
            sim.fault("code=102")
            status, body, _ = sim.get(KAKAO)
            self.assertEqual((status, json.loads(body)["routes"][0]["result_code"]), (200, 102))
            sim.fault("code=-10")
            status, body, _ = sim.get(KAKAO)
            self.assertEqual((status, json.loads(body)["code"]), (400, -10))
            sim.fault("wrong=10x")
            told = json.loads(sim.get(KAKAO)[1])["routes"][0]["summary"]["distance"]
            self.assertEqual(told, 10 * right)
            sim.fault("constant=1234")
            self.assertEqual(json.loads(sim.get(OSRM)[1])["routes"][0]["distance"], 1234)
            sim.fault("html")
            self.assertTrue(sim.get(KAKAO)[1].startswith("<html>"))
            sim.fault("latency=200ms")
            began = time.monotonic()
            self.assertEqual(sim.get(KAKAO)[0], 200)
            self.assertGreaterEqual(time.monotonic() - began, 0.2)
            sim.fault("")
            self.assertEqual(json.loads(sim.get(KAKAO)[1])["routes"][0]["summary"]["distance"], right)

    def test_faults_that_do_not_answer(self):
        with Sim(self.map) as sim:
            for spec, fault in [("hang", TimeoutError), ("reset", ConnectionError), ("truncate", http.client.IncompleteRead),
                                ("drip", TimeoutError), ("drip=body", TimeoutError)]:
                with self.subTest(spec=spec):
                    self.assertEqual(sim.fault(spec)[0], 200)
                    with self.assertRaises(fault):
                        sim.get(KAKAO, timeout=0.4)
            sim.fault("refuse@0ms..400ms")
            time.sleep(0.1)
            with self.assertRaises(ConnectionRefusedError):
                sim.get(KAKAO)
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                try:
                    self.assertEqual(sim.get(KAKAO)[0], 200)
                    break
                except ConnectionError:
                    time.sleep(0.05)
            else:
                self.fail("did not come back after refuse")

    def test_a_window_begins_and_ends(self):
        with Sim(self.map, "--fault", "error=500@400ms..900ms") as sim:
            seen = []
            end = time.monotonic() + 1.4
            while time.monotonic() < end:
                seen.append(sim.get(KAKAO)[0])
                time.sleep(0.02)
            self.assertEqual(seen[0], 200)
            self.assertIn(500, seen)
            self.assertEqual(seen[-1], 200)

    def test_a_share_is_a_share(self):
        with Sim(self.map, "--fault", "error=500:25%") as sim:
            bad = sum(sim.get(KAKAO)[0] == 500 for _ in range(400))
            self.assertTrue(60 <= bad <= 140, bad)

    def test_hung_connections_do_not_stop_the_others(self):
        with Sim(self.map, "--fault", "hang@0s..1s") as sim:
            hung = []
            for _ in range(300):
                connection = socket.create_connection(("127.0.0.1", sim.port))
                connection.sendall(f"GET {KAKAO} HTTP/1.1\r\nHost: x\r\nAuthorization: KakaoAK k\r\n\r\n".encode())
                hung.append(connection)
            time.sleep(1.1)
            began = time.monotonic()
            results = []

            def ask():
                for _ in range(50):
                    results.append(sim.get(KAKAO)[0])

            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(results, [200] * 200)
            self.assertLess(time.monotonic() - began, 10)
            for connection in hung:
                connection.close()

    def test_bad_specifications_are_refused_with_what_is_allowed(self):
        cases = {"explode": "no kind of fault", "latency": "has no argument", "latency=soon": "a duration", "error=200": "400 to 599",
                 "hang@9s..3s": "no window", "hang:0%": "no share", "hang=5": "allowed: none", "wrong=-1x": "a factor", "code=1.5": "a code",
                 "hang@30..90": "no window", "throttle=503": "429"}
        with Sim(self.map) as sim:
            for spec, text in cases.items():
                with self.subTest(spec=spec):
                    run = subprocess.run([RECKON, "provider-sim", "--map", self.map, "--vehicle", "motorcycle", "--api", "kakao", "--port",
                                          "0", "--fault", spec], capture_output=True, text=True, timeout=20, check=False)
                    self.assertEqual(run.returncode, 2)
                    self.assertIn(text, run.stderr)
                    self.assertTrue(run.stderr.startswith("reckon: error: --fault: "), run.stderr)
                    status, body, _ = sim.fault(spec)
                    self.assertEqual(status, 400)
                    self.assertIn(text, body)
            self.assertEqual(sim.fault("refuse")[0], 400)
            self.assertEqual(sim.get(KAKAO)[0], 200)

    def test_bad_options(self):
        base = [RECKON, "provider-sim", "--map", self.map]
        with Sim(self.map) as sim:
            for options, code in [(["--vehicle", "tank", "--api", "osrm"], 2), (["--vehicle", "motorcycle", "--api", "bing"], 2),
                                  (["--vehicle", "motorcycle", "--api", "osrm", "--port", "70000"], 2),
                                  (["--vehicle", "motorcycle", "--api", "osrm", "--host", "here"], 2),
                                  (["--vehicle", "motorcycle", "--api", "osrm", "--port", str(sim.port)], 3)]:
                with self.subTest(options=options):
                    run = subprocess.run(base + options, capture_output=True, text=True, timeout=20, check=False)
                    self.assertEqual(run.returncode, code, run.stderr)
                    self.assertTrue(run.stderr.startswith("reckon: error: "), run.stderr)

    def test_sigterm_stops_it_cleanly_under_load(self):
        sim = Sim(self.map, "--fault", "drip:50%")
        sockets = []
        for _ in range(50):
            connection = socket.create_connection(("127.0.0.1", sim.port))
            connection.sendall(f"GET {KAKAO} HTTP/1.1\r\nHost: x\r\nAuthorization: KakaoAK k\r\n\r\n".encode())
            sockets.append(connection)
        time.sleep(0.2)
        self.assertEqual(sim.stop(), 0)
        for connection in sockets:
            connection.close()


if __name__ == "__main__":
    unittest.main()
