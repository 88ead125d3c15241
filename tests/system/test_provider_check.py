"""All vendors' formats over a real socket, and what `reckon provider check` says when something is wrong."""

import json
import re
import unittest

from program import HERE, THERE, CityTest, Server, run

KINDS = ["kakao", "naver", "tmap", "google", "osrm", "valhalla", "graphhopper", "openrouteservice"]
KEYED = {"kakao", "naver", "tmap", "google"}
ENV = {"SIM_KEY": "secret-key-4711", "SIM_ID": "id-1"}
TRIP = ["--from", f"{HERE[0]},{HERE[1]}", "--to", f"{THERE[0]},{THERE[1]}"]


def entry(kind, port, **changes):
    made = {"name": kind, "kind": kind, "base_url": f"http://127.0.0.1:{port}"}
    if kind in KEYED:
        made["key_env"] = "SIM_KEY"
    if kind == "naver":
        made["key_id_env"] = "SIM_ID"
    made.update(changes)
    return {key: value for key, value in made.items() if value is not None}


class ProviderCheck(CityTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sim = Server("provider-sim", "--map", cls.map, "--vehicle", "motorcycle", "--api", ",".join(KINDS), "--port", "0")

    @classmethod
    def tearDownClass(cls):
        cls.sim.stop()
        super().tearDownClass()

    def setUp(self):
        self.fault("")

    def fault(self, spec):
        self.assertEqual(self.sim.ask("POST", "/sim/fault", body=spec)[0], 200)

    def check(self, providers, *options, env=None, **changes):
        config = self.config("check.json", providers=providers, deadline_ms=800, **changes)
        return run("provider", "check", "--config", config, *options, env=env if env is not None else ENV)

    def finding(self, provider, *options, env=None):
        code, out, err = self.check([provider], *TRIP, "--json", *options, env=env)
        self.assertIn(code, (0, 1), err)
        found = json.loads(out)["providers"][0]
        self.assertEqual(found["ok"], code == 0)
        self.assertNotIn("secret-key", out + err)
        return found

    def test_every_kind_gives_the_map_s_route(self):
        code, out, err = self.check([entry(kind, self.sim.port) for kind in KINDS], *TRIP, "--json")
        self.assertEqual(code, 0, out + err)
        report = json.loads(out)
        self.assertEqual([found["name"] for found in report["providers"]], KINDS)
        metres = {found["name"]: found["distance_m"] for found in report["providers"]}
        self.assertEqual(set(metres.values()), {metres["kakao"]}, metres)
        seconds = {found["duration_s"] for found in report["providers"]}
        self.assertLessEqual(max(seconds) - min(seconds), 1)
        self.assertEqual(report["local_m"], metres["kakao"])
        self.assertEqual({found["name"]: found["table"] for found in report["providers"]},
                         {"kakao": "one_sided", "naver": "none", "tmap": "matrix", "google": "matrix", "osrm": "matrix",
                          "valhalla": "matrix", "graphhopper": "none", "openrouteservice": "matrix"})

    def test_every_kind_prices_a_quote(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                config = self.config(f"quote-{kind}.json", providers=[entry(kind, self.sim.port)])
                code, out, err = run("quote", "--config", config, *TRIP, "--json", env=ENV)
                self.assertEqual(code, 0, err)
                self.assertEqual(json.loads(out)["distance"]["source"], f"provider:{kind}")

    def test_every_kind_fails_in_its_own_words_and_the_quote_goes_on(self):
        refusals = {"kakao": "code=-10", "naver": "code=400", "tmap": "code=429"}
        for kind, spec in refusals.items():
            with self.subTest(kind=kind):
                self.fault(spec)
                config = self.config(f"refused-{kind}.json", providers=[entry(kind, self.sim.port)])
                code, out, err = run("quote", "--config", config, *TRIP, "--json", env=ENV)
                self.assertEqual(code, 0, err)
                distance = json.loads(out)["distance"]
                self.assertEqual(distance["source"], "road")
                self.assertEqual(distance["why_not"][0], {"rung": f"provider:{kind}", "reason": "quota"})

    def test_what_is_wrong_is_said_in_words(self):
        port = self.sim.port
        for spec, kind, outcome, words in [
                ("code=-401", "kakao", "auth", "refuses the key in SIM_KEY"), ("code=-10", "kakao", "quota", "quota is spent"),
                ("code=400", "naver", "quota", "tick this API in the console"), ("code=200", "naver", "auth", "refuses the key"),
                ("code=403", "tmap", "auth", "refuses the key"), ("code=429", "google", "throttled", "asked too fast"),
                ("throttle", "osrm", "throttled", "asked too fast"), ("code=1", "kakao", "no_route", "--from and --to"),
                ("code=442", "valhalla", "no_route", "--from and --to"), ("code=154", "valhalla", "bad_request", "check profile"),
                ("code=2009", "openrouteservice", "no_route", "--from and --to"), ("code=1", "graphhopper", "no_route", "--from"),
                ("html", "kakao", "malformed", "login page"), ("error=503", "kakao", "unavailable", "broken or overloaded"),
                ("wrong=20x", "kakao", "implausible", "cannot be true"), ("reset", "osrm", "unavailable:first_byte", "does not answer"),
                ("latency=1000ms", "osrm", "ok", "slower than deadline_ms"), ("truncate", "osrm", "malformed:body", "not osrm's API")]:
            with self.subTest(spec=spec, kind=kind):
                self.fault(spec)
                found = self.finding(entry(kind, port))
                self.assertEqual(found["outcome"], outcome, found)
                self.assertIn(words, found["says"])
                self.assertFalse(found["ok"])

    def test_entries_that_cannot_work(self):
        port = self.sim.port
        for provider, env, words in [
                (entry("kakao", port), {"SIM_KEY": ""}, "SIM_KEY is empty or not set"),
                (entry("naver", port, key_id_env=None), ENV, "key_id_env: is missing"),
                (entry("osrm", port, profile="cycling"), ENV, "serves none of the configured vehicles (motorcycle, car;"),
                (entry("osrm", 1), ENV, "refuses connections"),
                (entry("osrm", port, base_url=f"https://127.0.0.1:{port}"), ENV, "cannot be trusted"),
                (entry("osrm", port, base_url="http://no-such-host.invalid"), ENV, "cannot be looked up"),
                (entry("kakao", port, base_url=f"http://127.0.0.1:{port}/other"), ENV, "not kakao's API"),
                (entry("here", port), ENV, "is no kind of provider")]:
            with self.subTest(words=words):
                found = self.finding(provider, env=env)
                self.assertIn(words, found["says"])
                self.assertFalse(found["ok"])

    def test_each_is_asked_for_a_vehicle_that_it_serves(self):
        bicycles = entry("osrm", self.sim.port, name="wheels", profile="cycling")
        both = [entry("kakao", self.sim.port), bicycles]
        code, _, err = run("map", "build", self.extract, "--out", self.folder / "bicycles.rmap", "--vehicles", "motorcycle,bicycle")
        self.assertEqual(code, 0, err)
        for map_file, local in (("bicycles.rmap", "road"), (None, "geodesic")):  # without a map every vehicle may be asked for
            with self.subTest(map=map_file):
                code, out, err = self.check(both, *TRIP, "--json", map=map_file)
                self.assertEqual(code, 0, out + err)
                report = json.loads(out)
                self.assertEqual((report["vehicle"], report["local_source"], report["unserved"]), ("motorcycle", local, False))
                self.assertEqual([(one["vehicle"], one["local_source"], one["ok"]) for one in report["providers"]],
                                 [("motorcycle", local, True), ("bicycle", local, True)])
                code, out, err = self.check(both, *TRIP, map=map_file)
                self.assertEqual(code, 0, out + err)
                self.assertRegex(out, r"(?m)^ok   wheels \(osrm\) works\n +asked for another vehicle, that it serves: "
                                      rf"bicycle from [\d.,]+ to [\d.,]+: \d+ m by {local}$")
                self.assertEqual(out.count("asked for another vehicle"), 1)
                # Whoever asks for one vehicle is told of that one alone.
                code, out, err = self.check(both, *TRIP, "--vehicle", "motorcycle", map=map_file)
                self.assertEqual(code, 1, out + err)
                self.assertRegex(out, r"(?m)^BAD  wheels \(osrm\) does not serve motorcycle")
                # Nobody for the configured vehicle is a fault, although each one works.
                code, out, err = self.check([bicycles], *TRIP, map=map_file)
                self.assertEqual(code, 1, out + err)
                self.assertRegex(out, r"(?m)^ok   wheels")
                self.assertRegex(out, r"(?m)^BAD  none of them serves motorcycle, the configured vehicle")
                self.assertTrue(json.loads(self.check([bicycles], *TRIP, "--json", map=map_file)[1])["unserved"])

    def test_a_healthy_and_a_broken_one_in_text(self):
        code, out, err = self.check([entry("kakao", self.sim.port), entry("osrm", 1)])
        self.assertEqual(code, 1, err)
        self.assertRegex(out, r"(?m)^ok   kakao \(kakao\) works")
        self.assertRegex(out, r"(?m)^ +\d+ m in \d+ s; answered in [\d.]+ ms, then [\d.]+ ms$")
        self.assertRegex(out, r"(?m)^BAD  osrm \(osrm\) refuses connections")
        self.assertRegex(out, r"(?m)^ +unavailable:connect: Connection refused$")
        self.assertTrue(re.match(r"motorcycle from \d", out), out)

    def test_bad_input(self):
        for options, providers, exit_code in [((), [], 2), (("--vehicle", "tank"), [entry("osrm", 1)], 2),
                                              (("--from", "1,2"), [entry("osrm", 1)], 2), (("--from", "x", "--to", "y"), [entry("osrm", 1)], 2)]:
            with self.subTest(options=options):
                code, out, err = self.check(providers, *options)
                self.assertEqual((code, out), (exit_code, ""), err)
                self.assertTrue(err.startswith("reckon: error: "), err)
        self.assertEqual(run("provider", "check", "--config", self.folder / "none.json")[0], 3)


if __name__ == "__main__":
    unittest.main()
