"""All vendors' formats over a real socket, and what `reckon provider check` says when something is wrong."""

import contextlib
import datetime
import http.server
import json
import re
import sqlite3
import threading
import unittest

from program import HERE, THERE, CityTest, Server, quote_body, run, wait_until

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

    def test_a_mended_key_is_asked_again_at_once_after_a_good_check(self):
        config = self.config("mended.json", providers=[entry("kakao", self.sim.port)])
        ledger = f"sqlite:{config}.db"
        trips = self.folder / "mended.csv"
        trips.write_text("from_lat,from_lon,to_lat,to_lon\n" + f"{HERE[0]},{HERE[1]},{THERE[0]},{THERE[1]}\n" * 3)

        def check(*options):
            return run("provider", "check", "--config", config, *TRIP, *options, env=ENV)

        def quote():
            distance = json.loads(run("quote", "--config", config, *TRIP, "--json", env=ENV)[1])["distance"]
            return distance["source"], [why["reason"] for why in distance["why_not"]]

        for spec, latch in (("code=-401", "auth"), ("code=-10", "quota")):
            with self.subTest(latch=latch):
                self.fault(spec)
                self.assertEqual(quote(), ("road", [latch]))
                self.assertIsNone(json.loads(check("--json")[1])["providers"][0]["lifted"])  # it refuses the check as well
                self.fault("")
                self.assertEqual(quote(), ("road", [latch]))
                code, _, told = run("quote", "--config", config, "--trips", trips, env=ENV)
                self.assertEqual(code, 0, told)
                self.assertIn("'reckon provider check' says more, and once that is mended, a good one has it asked again at once",
                              told.splitlines()[0])
                code, out, told = check("--json")
                self.assertEqual(code, 0, told)
                self.assertEqual(json.loads(out)["providers"][0]["lifted"], latch)
                self.assertEqual(quote(), ("provider:kakao", []))
                self.assertNotIn("they ask it again", check()[1])
                incident = json.loads(run("incidents", "list", "--ledger", ledger, "--json")[1])["incidents"][-1]
                self.assertIsNotNone(incident["closed_at"])
                shown = json.loads(run("incidents", "show", incident["id"], "--ledger", ledger, "--json")[1])
                self.assertIn({"latch": latch}, [event["detail"] for event in shown["events"] if event["kind"] == "checked"])
        self.assertIn("0 differences", run("verify", "--ledger", ledger)[1])

    def refused(self, name, *others):
        """A configuration whose kakao has refused its key, and works again; the check, and the ledger's file."""
        config = self.config(name, providers=[entry("kakao", self.sim.port), *others])
        self.fault("code=-401")
        self.assertEqual(run("quote", "--config", config, *TRIP, env=ENV)[0], 0)
        self.fault("")

        def check():
            code, out, told = run("provider", "check", "--config", config, *TRIP, "--json", env=ENV)
            return code, json.loads(out)["providers"][0]["lifted"], told

        return config, check, self.folder / f"{name}.db"

    def test_a_refusal_is_known_from_the_ledger_where_it_is_not_from_what_is_learned(self):
        for name, damage, says in (("deleted", None, ""), ("damaged", "{", "reckon: warning: ")):
            with self.subTest(name):
                _, check, ledger = self.refused(f"{name}.json")
                state = self.folder / f"{ledger.name}.learned.json"
                if damage is None:
                    state.unlink()
                else:
                    state.write_text(damage)
                code, lifted, told = check()
                self.assertEqual((code, lifted), (0, "auth"), told)
                self.assertEqual(bool(told), bool(says), told)
                self.assertTrue(told.startswith(says), told)
                self.assertEqual(check()[1], None)  # once is enough

    def test_a_check_makes_no_ledger_and_says_nothing_of_it(self):
        config = self.config("fresh.json", providers=[entry("kakao", self.sim.port)])
        code, _, told = run("provider", "check", "--config", config, *TRIP, env=ENV)
        self.assertEqual((code, told), (0, ""))
        self.assertEqual([file.name for file in self.folder.glob("fresh.json*")], ["fresh.json"])

    def test_a_good_check_is_dated_by_its_answer_and_not_by_its_end(self):
        slow = Server("provider-sim", "--map", self.map, "--vehicle", "motorcycle", "--api", "osrm", "--port", "0",
                      "--fault", "latency=1500ms")
        self.addCleanup(slow.stop)
        config, check, ledger = self.refused("dated.json", entry("osrm", slow.port))
        self.assertEqual(check()[1], "auth")
        over = datetime.datetime.now(datetime.timezone.utc)
        incident = json.loads(run("incidents", "list", "--ledger", f"sqlite:{ledger}", "--json")[1])["incidents"][0]["id"]
        events = json.loads(run("incidents", "show", incident, "--ledger", f"sqlite:{ledger}", "--json")[1])["events"]
        at = [event["at"] for event in events if event["kind"] == "checked"]
        self.assertEqual(len(at), 1)
        self.assertGreater(over - datetime.datetime.fromisoformat(at[0].replace("Z", "+00:00")), datetime.timedelta(seconds=3))

    def test_both_answers_of_a_check_must_be_good(self):
        metres = [1]  # of the first answer; then as many as are likely

        class Answers(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                route = {"distance": metres.pop(0) if metres else 4000, "duration": 400}
                body = json.dumps({"code": "Ok", "routes": [route], "waypoints": [
                    {"location": [place[1], place[0]], "distance": 0} for place in (HERE, THERE)]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = self.finding(entry("osrm", server.server_port))
        self.assertEqual((found["ok"], found["outcome"]), (False, "implausible"))
        self.assertTrue(self.finding(entry("osrm", server.server_port))["ok"])

    def test_a_ledger_that_cannot_be_written_keeps_a_mended_provider_away_and_the_check_says_so(self):
        _, check, ledger = self.refused("locked.json")
        with contextlib.closing(sqlite3.connect(ledger, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            code, lifted, told = check()
            other.execute("ROLLBACK")
        self.assertEqual((code, lifted), (3, None))
        self.assertRegex(told, r"reckon: error: [^\n]*: kakao stays kept from quotes: .*; once the ledger can be written, check again")
        self.assertEqual(check()[:2], (0, "auth"))

    def test_a_running_server_hears_of_a_good_check(self):
        config = self.config("running.json", providers=[entry("kakao", self.sim.port)])
        server = Server("serve", "--config", config, env=ENV)
        self.addCleanup(server.stop)

        def source():
            return json.loads(server.ask("POST", "/v1/quotes", quote_body())[1])["distance"]["source"]

        self.fault("code=-401")
        self.assertEqual(source(), "road")
        self.fault("")
        state = self.folder / "running.json.db.learned.json"
        wait_until(lambda: state.exists() and '"auth"' in state.read_text(), "the refusal beside the ledger")
        code, out, told = run("provider", "check", "--config", config, *TRIP, env=ENV)
        self.assertEqual(code, 0, told)
        self.assertIn("refused its key, and was kept from quotes since then: they ask it again from now on", out)
        wait_until(lambda: source() == "provider:kakao", "the server to ask it again")

    def test_another_key_than_the_refused_one_is_tried_at_once(self):
        config = self.config("changed.json", providers=[entry("kakao", self.sim.port)])

        def source(key):
            return json.loads(run("quote", "--config", config, *TRIP, "--json", env={"SIM_KEY": key})[1])["distance"]["source"]

        self.fault("code=-401")
        self.assertEqual(source("refused-4711"), "road")
        self.fault("")
        self.assertEqual(source("refused-4711"), "road")
        trips = self.folder / "changed.csv"
        trips.write_text("from_lat,from_lon,to_lat,to_lon\n" + f"{HERE[0]},{HERE[1]},{THERE[0]},{THERE[1]}\n" * 20)
        code, _, told = run("quote", "--config", config, "--trips", trips, env={"SIM_KEY": "mended-4712"})
        self.assertEqual((code, told), (0, "20 rows: 20 priced (20 provider:kakao), 0 failed\n"))
        incidents = json.loads(run("incidents", "list", "--ledger", f"sqlite:{config}.db", "--json")[1])["incidents"]
        self.assertIsNotNone(incidents[0]["closed_at"])
        for file in self.folder.glob("changed.json*"):
            self.assertNotIn(b"refused-4711", file.read_bytes())

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
