"""An outage of the provider as an operator meets it: the drill, the record of incidents, the shadow report."""

import contextlib
import csv
import io
import json
import pathlib
import re
import sqlite3
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from program import CityTest, Server, provider, quote_body, run, run_on_terminal, wait_until  # noqa: E402


class Outage(CityTest):
    vehicles = "car"

    def setUp(self):
        self.sim = Server("provider-sim", "--map", self.map, "--vehicle", "car", "--api", "kakao", "--port", 0)
        self.addCleanup(self.sim.stop)
        self.path = self.config(f"{self.id().rsplit('.', 1)[1]}.json", vehicle="car", providers=[provider(self.sim.port)])
        self.ledger = f"sqlite:{self.path}.db"

    def serve(self):
        server = Server("serve", "--config", self.path)
        self.addCleanup(server.stop)
        return server

    def quotes(self, server, count):
        sources = []
        for i in range(count):
            place = {"lat": 36.935 + i % 10 * 1e-4, "lon": 125.635}
            sources.append(json.loads(server.ask("POST", "/v1/quotes", quote_body(to=place))[1])["distance"]["source"])
        return sources

    def test_a_drill_takes_the_provider_away_and_reports(self):
        server = self.serve()
        self.assertEqual(set(self.quotes(server, 5)), {"provider:kakao"})
        over = threading.Event()
        seen = set()

        def ask():
            while not over.is_set():
                seen.update(self.quotes(server, 2))
                time.sleep(0.05)

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            code, out, told = run("drill", "--config", self.path, "--provider", "kakao", "--for", "2s", "--json")
        finally:
            over.set()
            asking.join()
        self.assertEqual(code, 0, told)
        incident = json.loads(out)
        self.assertEqual((incident["provider"], incident["cause"], incident["reason"]), ("kakao", "order", "forced_open"))
        self.assertIsNotNone(incident["closed_at"])
        self.assertEqual(seen, {"provider:kakao", "road"})
        self.assertGreater(incident["quotes"]["road"], 0)
        kinds = [event["kind"] for event in incident["events"]]
        self.assertEqual((kinds[0], kinds[-1]), ("order", "closed"))
        code, text, _ = run("incidents", "show", incident["id"], "--ledger", self.ledger)
        self.assertIn("taken away on purpose", text)
        self.assertIn("0 differences", run("verify", "--ledger", self.ledger)[1])

    def test_drills_and_their_end_name_the_incident_that_they_belong_to(self):
        server = self.serve()
        self.quotes(server, 3)
        drill = ["drill", "--config", self.path, "--provider", "kakao"]
        self.assertEqual(run(*drill, "--end")[:2], (0, "kakao has no outage under way; an order that no server has taken up yet is taken back\n"))
        code, first, told = run(*drill, "--for", "60s", "--no-wait")
        self.assertEqual(code, 0, told)

        def incidents():
            return json.loads(run("incidents", "list", "--ledger", self.ledger, "--json")[1])["incidents"]

        wait_until(lambda: [one["id"] for one in incidents()] == [first.strip()], "the drill is on record")
        self.assertEqual(run(*drill, "--for", "90s", "--no-wait")[1], first)
        code, out, told = run(*drill, "--for", "80s")  # and does not wait for an incident of its own
        self.assertEqual((code, out), (0, first))
        self.assertIn("has an outage under way", told)
        self.assertEqual(run(*drill, "--end")[1], first)
        wait_until(lambda: "provider:kakao" in self.quotes(server, 30) and incidents()[0]["closed_at"], "it ends")
        self.assertEqual([one["id"] for one in incidents()], [first.strip()])

    def test_a_real_outage_is_on_record_with_its_first_failure(self):
        server = self.serve()
        self.quotes(server, 3)
        self.sim.stop()
        self.assertIn("road", self.quotes(server, 12))
        server.stop()
        code, out, _ = run("incidents", "list", "--ledger", self.ledger, "--json")
        self.assertEqual(code, 0)
        incidents = json.loads(out)["incidents"]
        self.assertEqual(len(incidents), 1)
        self.assertEqual(incidents[0]["reason"], "unavailable:connect")
        self.assertLessEqual(incidents[0]["first_failure"], incidents[0]["opened_at"])
        self.assertGreaterEqual(incidents[0]["failed"], 5)
        self.assertIn("not over", run("incidents", "list", "--ledger", self.ledger)[1])

    def test_an_outage_by_slow_calls_names_the_slow_call(self):
        server = self.serve()
        self.assertEqual(self.sim.ask("POST", "/sim/fault", body="latency=400ms")[0], 200)
        self.assertEqual(self.quotes(server, 6), ["provider:kakao"] * 5 + ["road"])
        server.stop()
        incident = json.loads(run("incidents", "list", "--ledger", self.ledger, "--json")[1])["incidents"][0]
        self.assertEqual((incident["reason"], incident["failed"]), ("slow", 0))
        slow = incident["slow"]
        self.assertEqual((slow["operation"], slow["under_way"], slow["slow_calls"], slow["calls"]), ("route", False, 5, 5))
        self.assertGreaterEqual(slow["latency_us"], 400_000)
        self.assertLessEqual(slow["slow_after_us"], 375_000)  # three quarters of deadline_ms
        self.assertLess(incident["first_failure"], incident["opened_at"])
        text = run("incidents", "show", incident["id"], "--ledger", self.ledger)[1]
        self.assertRegex(text, r"(?m)^  opened on +a slow call: route, 0\.4\d\d s \(slow from 0\.3\d\d s on\); 5 of 5 calls were slow$")

    def test_an_outage_that_a_batch_meets_is_on_record_and_goes_on_with_the_next(self):
        rows = ["from_lat,from_lon,to_lat,to_lon"] + [f"36.915,125.615,{36.935 + i % 10 * 1e-4},125.635" for i in range(20)]
        trips = self.folder / "outage.csv"
        trips.write_text("\n".join(rows) + "\n")

        def batch():
            code, _, told = run("quote", "--config", self.path, "--trips", trips, "--out", self.folder / "outage-out.csv",
                                env={"SIM_KEY": "k"})
            self.assertEqual(code, 0, told)
            return json.loads(run("incidents", "list", "--ledger", self.ledger, "--json")[1])["incidents"]

        self.assertEqual(batch(), [])
        self.sim.stop()
        first = batch()
        self.assertEqual([one["reason"] for one in first], ["unavailable:connect"])
        self.assertLessEqual(first[0]["first_failure"], first[0]["opened_at"])
        self.assertGreaterEqual(first[0]["failed"], 5)
        self.assertIsNone(first[0]["closed_at"])
        shown = json.loads(run("incidents", "show", first[0]["id"], "--ledger", self.ledger, "--json")[1])
        at = [event["at"] for event in shown["events"]]
        self.assertEqual(at, sorted(at))
        self.assertEqual(shown["events"][0]["kind"], "call")  # the first that failed
        self.assertGreater(shown["quotes"]["road"], 10)
        self.assertEqual([one["id"] for one in batch()], [first[0]["id"]])  # the same outage goes on
        shown = json.loads(run("incidents", "show", first[0]["id"], "--ledger", self.ledger, "--json")[1])
        details = [event["detail"] for event in shown["events"] if event["kind"] == "breaker"]
        self.assertEqual(details.count({"from": "closed", "to": "open"}), 1)
        self.assertIn("0 differences", run("verify", "--ledger", self.ledger)[1])

    def test_an_outage_of_a_provider_that_nobody_asks_any_more(self):
        trip = ["--from", "36.915,125.615", "--to", "36.935,125.635"]
        second = Server("provider-sim", "--map", self.map, "--vehicle", "car", "--api", "osrm", "--port", 0)
        self.addCleanup(second.stop)
        own = {"name": "own", "kind": "osrm", "base_url": f"http://127.0.0.1:{second.port}"}

        def incident(*providers, quotes=1):
            self.path = self.config(self.path.name, vehicle="car", providers=list(providers))
            for _ in range(quotes):
                code, _, told = run("quote", "--config", self.path, *trip, env={"SIM_KEY": "k"})
                self.assertEqual(code, 0, told)
            found = json.loads(run("incidents", "list", "--ledger", self.ledger, "--json")[1])["incidents"]
            self.assertEqual(len(found), 1)
            return found[0], run("incidents", "list", "--ledger", self.ledger)[1], told

        self.assertEqual(self.sim.ask("POST", "/sim/fault", body="error=401")[0], 200)
        before, text, _ = incident(provider(self.sim.port))
        self.assertIn(f"failed: 1 auth; last recorded call {before['last_asked']}\n", text)
        # Another one stands before it and answers: it may be as broken as before, and is not asked.
        after, text, _ = incident(own, provider(self.sim.port))
        self.assertEqual((after["closed_at"], after["last_asked"]), (None, before["last_asked"]))
        self.assertIn(f"over               not yet; last recorded call {before['last_asked']}\n",
                      run("incidents", "show", after["id"], "--ledger", self.ledger)[1])
        over, text, told = incident(own)
        self.assertIsNotNone(over["closed_at"])
        self.assertEqual(over["why_closed"], "not_configured")
        self.assertIn(f"the outage {over['id']} of kakao ends: it is not configured any more", told)
        self.assertRegex(text, r"(?m)s  failed: 1 auth; not configured any more$")
        self.assertRegex(run("incidents", "show", over["id"], "--ledger", self.ledger)[1], r"(?m)^  over +\S+Z; not configured any more$")
        self.assertIn("0 differences", run("verify", "--ledger", self.ledger)[1])

    def test_two_configurations_of_one_ledger_tell_of_one_outage(self):
        trip = ["--from", "36.915,125.615", "--to", "36.935,125.635"]
        has = self.config("has.json", vehicle="car", providers=[provider(self.sim.port)], ledger="sqlite:shared.db")
        other = self.config("has-not.json", vehicle="car", providers=[], ledger="sqlite:shared.db")
        ledger = f"sqlite:{self.folder}/shared.db"

        def incident(config, quotes=1):
            for _ in range(quotes):
                code, _, told = run("quote", "--config", config, *trip, env={"SIM_KEY": "k"})
                self.assertEqual(code, 0, told)
            found = json.loads(run("incidents", "list", "--ledger", ledger, "--json")[1])["incidents"]
            self.assertEqual(len({one["id"] for one in found}), 1, found)
            return found[0]

        port = self.sim.port
        self.sim.stop()
        trips = self.folder / "shared.csv"  # the breaker opens within one process
        trips.write_text("from_lat,from_lon,to_lat,to_lon\n" + "36.915,125.615,36.935,125.635\n" * 8)
        self.assertEqual(run("quote", "--config", has, "--trips", trips, env={"SIM_KEY": "k"})[0], 0)
        first = incident(has)
        self.assertIsNone(first["closed_at"])
        self.assertEqual(incident(other)["why_closed"], "not_configured")
        for _ in range(200):  # until the probe, which fails
            if (again := incident(has))["closed_at"] is None:
                break
            time.sleep(0.1)
        self.assertIsNone(again["closed_at"])
        self.assertGreater(again["failed"], first["failed"])
        self.assertEqual(incident(other)["why_closed"], "not_configured")
        self.sim = Server("provider-sim", "--map", self.map, "--vehicle", "car", "--api", "kakao", "--port", port)
        self.addCleanup(self.sim.stop)
        code, out, told = run("quote", "--config", has, "--trips", trips, "--wait", "60s", env={"SIM_KEY": "k"})
        self.assertEqual(code, 0, told)
        self.assertEqual({row["source"] for row in csv.DictReader(io.StringIO(out))}, {"provider:kakao"})
        over = incident(other)
        self.assertEqual((over["id"], over.get("why_closed")), (first["id"], None))
        self.assertIsNotNone(over["closed_at"])

    def test_the_last_call_is_told_where_one_is_on_record_and_means_something(self):
        server = self.serve()
        self.quotes(server, 2)
        code, order, told = run("drill", "--config", self.path, "--provider", "kakao", "--for", "10m", "--share", "50%", "--no-wait")
        self.assertEqual(code, 0, told)
        listed = ["incidents", "list", "--ledger", self.ledger]
        wait_until(lambda: order.strip() in run(*listed)[1], "the server to take up the drill")
        self.quotes(server, 4)
        self.assertRegex(run(*listed)[1], r"  failed: none\n$")  # it is asked as ever, and its good calls are not recorded
        self.assertEqual(self.sim.ask("POST", "/sim/fault", body="error=503")[0], 200)
        self.quotes(server, 2)
        wait_until(lambda: "unavailable" in run(*listed)[1], "a failed call on record")
        self.assertRegex(run(*listed)[1], r"  failed: \d unavailable\S*\n$")
        self.assertRegex(run("incidents", "show", order.strip(), "--ledger", self.ledger)[1], r"(?m)^  over +not yet$")

    def test_a_new_installation_has_no_incidents_of_any_provider(self):
        path = self.config(self.path.name, vehicle="car", providers=[])
        self.assertEqual(run("quote", "--config", path, "--from", "36.915,125.615", "--to", "36.935,125.635")[0], 0)
        listed = ["incidents", "list", "--ledger", self.ledger, "--provider", "kakao"]
        self.assertEqual(run(*listed), (0, "no incidents of 'kakao'\n", ""))
        self.assertEqual(run(*listed, "--json"), (0, '{"incidents":[]}\n', ""))

    def test_a_batch_says_at_its_beginning_what_it_goes_without_and_may_wait_for_it(self):
        rows = ["from_lat,from_lon,to_lat,to_lon"] + [f"36.915,125.615,{36.935 + i % 10 * 1e-4},125.635" for i in range(20)]
        trips = self.folder / "waiting.csv"
        trips.write_text("\n".join(rows) + "\n")

        def batch(*words):
            code, out, told = run("quote", "--config", self.path, "--trips", trips, *words, env={"SIM_KEY": "k"})
            self.assertEqual((code, len(out.splitlines())), (0, 21), told)
            return [row["source"] for row in csv.DictReader(io.StringIO(out))], told.splitlines()

        sources, told = batch()
        self.assertEqual((set(sources), len(told)), ({"provider:kakao"}, 1))  # all is well: nothing is said but the sums
        port = self.sim.port
        self.sim.stop()
        sources, told = batch("--wait", "1s")
        self.assertEqual((set(sources), len(told)), ({"road"}, 2))
        self.assertIn("20 rows were priced without a provider that was away or coming back", told[1])
        self.sim = Server("provider-sim", "--map", self.map, "--vehicle", "car", "--api", "kakao", "--port", port)
        self.addCleanup(self.sim.stop)
        sources, told = batch()
        self.assertIn("warning: kakao: its breaker is open after an outage; it is asked again ", told[0])
        self.assertIn("rows priced meanwhile are guesses, 'provisional' in the answer; --wait 2m asks them again", told[0])
        self.assertIn("road", sources)
        sources, told = batch("--wait", "60s")
        self.assertEqual(set(sources), {"provider:kakao"}, told)
        self.assertIn("warning: kakao: ", told[0])
        self.assertIn("they are asked again, for 60 s in all", told[0])
        self.assertEqual(len(told), 2)
        self.assertEqual(self.sim.ask("POST", "/sim/fault", body="error=401")[0], 200)
        sources, told = batch("--wait", "10s")  # nobody waits for a key
        self.assertEqual((set(sources), len(told)), ({"road"}, 2))
        self.assertIn("20 rows were priced without a provider that refused its key, or whose quota is spent", told[1])

    def test_a_batch_that_needs_no_second_provider_says_nothing_of_one_that_is_away(self):
        trips = self.folder / "second.csv"
        trips.write_text("from_lat,from_lon,to_lat,to_lon\n36.915,125.615,36.935,125.635\n")
        gone = Server("provider-sim", "--map", self.map, "--vehicle", "car", "--api", "osrm", "--port", 0)
        self.addCleanup(gone.stop)
        second = {"name": "second", "kind": "osrm", "base_url": f"http://127.0.0.1:{gone.port}"}

        def told_with(*providers):
            self.path = self.config(self.path.name, vehicle="car", providers=list(providers))
            code, out, told = run("quote", "--config", self.path, "--trips", trips, env={"SIM_KEY": "k"})
            self.assertEqual(code, 0, told)
            return next(csv.DictReader(io.StringIO(out)))["source"], told.splitlines()

        self.assertEqual(gone.ask("POST", "/sim/fault", body="error=401")[0], 200)
        self.assertEqual(told_with(second)[0], "road")
        self.assertIn("warning: second: refused its key", told_with(second)[1][0])
        self.assertEqual(told_with(provider(self.sim.port), second),
                         ("provider:kakao", ["1 row: 1 priced (1 provider:kakao), 0 failed"]))

    def test_a_batch_that_waits_says_for_whom_and_how_long_still_on_a_terminal(self):
        trips = self.folder / "terminal.csv"
        trips.write_text("from_lat,from_lon,to_lat,to_lon\n36.915,125.615,36.935,125.635\n")
        self.sim.stop()
        words = ["quote", "--config", self.path, "--trips", trips, "--out", self.folder / "terminal-out.csv", "--wait", "2s"]
        code, told = run_on_terminal(*words, env={"SIM_KEY": "k"})
        self.assertEqual(code, 0, told)
        for left in (2, 1):
            self.assertIn(f"waiting for kakao, {left} s left", told)
        self.assertRegex(told, r"\r\x1b\[K1 row: ")  # gone before the sums are told
        code, _, told = run(*words, env={"SIM_KEY": "k"})
        self.assertEqual(code, 0, told)
        self.assertNotIn("waiting", told)  # no terminal, no progress

    def test_the_progress_of_a_wait_is_no_longer_than_the_terminal(self):
        trips = self.folder / "narrow.csv"
        trips.write_text("from_lat,from_lon,to_lat,to_lon\n36.915,125.615,36.935,125.635\n")
        self.sim.stop()
        others = [{"name": name, "kind": "osrm", "base_url": "http://127.0.0.1:1"} for name in ("second", "third")]
        self.path = self.config(self.path.name, vehicle="car", providers=[provider(self.sim.port), *others])
        words = ["quote", "--config", self.path, "--trips", trips, "--out", self.folder / "narrow-out.csv", "--wait", "1s"]
        code, told = run_on_terminal(*words, env={"SIM_KEY": "k"}, columns=60)
        self.assertEqual(code, 0, told)
        drawn = re.findall(r"\r\x1b\[K([^\r\n]*?)(?=\r)", told)
        self.assertTrue(any(line.startswith("waiting for kakao, and 2 more, 1 s left") for line in drawn), drawn)
        self.assertLess(max(map(len, drawn)), 60)

    def test_what_is_told_in_the_midst_of_a_batch_stands_on_a_line_of_its_own(self):
        trips = self.folder / "midst.csv"
        trips.write_text("from_lat,from_lon,to_lat,to_lon\n" + "36.915,125.615,36.935,125.635\n" * 600)
        words = ["quote", "--config", self.path, "--trips", trips, "--out", self.folder / "midst-out.csv"]
        self.assertEqual(run(*words, env={"SIM_KEY": "k"})[0], 0)
        with contextlib.closing(sqlite3.connect(f"{self.path}.db")) as ledger:  # as on a full disk
            ledger.execute("CREATE TRIGGER full BEFORE INSERT ON quotes BEGIN SELECT RAISE(FAIL, 'full'); END")
            ledger.commit()
        state = pathlib.Path(f"{self.path}.db.learned.json")
        state.unlink()
        state.mkdir()
        code, told = run_on_terminal(*words, env={"SIM_KEY": "k"})
        self.assertNotEqual(code, 0, told)
        lines = [re.sub(r"^.*\r\x1b\[K", "", line.rstrip("\r")) for line in told.split("\n")]
        self.assertEqual(sum(line.startswith("reckon: error: ") and "not recorded" in line for line in lines), 2, told)
        self.assertTrue(any(line.startswith("reckon: warning: ") and ".learned.json" in line for line in lines[2:]), told)

    def test_an_accountant_is_told_which_fees_were_guessed_and_how_well(self):
        bikes = Server("provider-sim", "--map", self.map, "--vehicle", "car", "--api", "osrm", "--port", 0)
        self.addCleanup(bikes.stop)
        entries = [provider(self.sim.port),
                   {"name": "bikes", "kind": "osrm", "base_url": f"http://127.0.0.1:{bikes.port}", "profile": "cycling"}]
        self.path = self.config("accountant.json", vehicle="car", providers=entries)
        ledger = f"sqlite:{self.path}.db"
        server = self.serve()

        def asked(count, **changes):
            return [json.loads(server.ask("POST", "/v1/quotes", quote_body(
                to={"lat": 36.935 + i % 10 * 1e-4, "lon": 125.635}, **changes))[1]) for i in range(count)]

        shadowed = asked(20)
        self.sim.stop()
        cars, bicycles = asked(15), asked(6, vehicle="bicycle")
        server.stop()
        self.assertEqual({one["distance"]["source"] for one in bicycles}, {"provider:bikes"})
        self.assertEqual({one["distance"]["source"] for one in cars}, {"road"})
        incident = json.loads(run("incidents", "list", "--ledger", ledger, "--json")[1])["incidents"][0]
        code, out, told = run("incidents", "show", incident["id"], "--ledger", ledger, "--json")
        self.assertEqual(code, 0, told)
        shown = json.loads(out)
        self.assertEqual(shown["quotes"], {"road": 15, "provider:bikes": 6})
        self.assertEqual(shown["unreadable"], 0)
        money = sum(one["fee"]["total"] for one in cars)
        report = json.loads(run("shadow", "report", "--ledger", ledger, "--provider", "kakao", "--json")[1])["providers"][0]
        like = {"share": round(report["same"] / report["pairs"], 4), "quotes": 15,
                "pairs": len(shadowed)}
        guessed = {"quotes": 15, "total": money, "expected_same": like}
        self.assertEqual(shown["fees"], [{"currency": "KRW", "quotes": 15, "total": money, "guessed": guessed,
                                          "rungs": [{"rung": "road", "exact": False, **guessed}]}])
        text = run("incidents", "show", incident["id"], "--ledger", ledger)[1]
        self.assertIn("fees of 15 quotes that concern kakao", text)
        self.assertRegex(text, rf"(?m)^ +road +guessed +15 +{money:,} KRW   [\d.]+ % expected the same, by 20 shadows$")
        # The command that it names lists these quotes and no other.
        words = re.search(r"reckon (ledger list .*)", text)[1].split()
        listed = json.loads(run(*words, "--json")[1])["quotes"]
        self.assertEqual({one["quote_id"] for one in listed}, {one["quote_id"] for one in cars})

    def test_the_shadow_report_says_what_fees_would_have_been(self):
        server = self.serve()
        self.quotes(server, 20)
        server.stop()
        page = self.folder / "shadow.html"
        code, out, told = run("shadow", "report", "--ledger", self.ledger, "--json", "--html", page)
        self.assertEqual(code, 0, told)
        report = json.loads(out)["providers"][0]
        self.assertEqual((report["provider"], report["pairs"]), ("kakao", 20))
        self.assertEqual(sum(report["errors"]), 20)
        html = page.read_text()
        self.assertIn("if kakao vanished now", html)
        self.assertNotIn("<script", html)
        self.assertNotIn("http", html)
        self.assertIn("if kakao vanished now: ", run("shadow", "report", "--ledger", self.ledger)[1])
        self.assertIn("none of 0 quotes", run("shadow", "report", "--ledger", self.ledger, "--since",
                                               "2099-01-01T00:00:00Z")[1])

    def test_bad_input_and_a_drill_that_nobody_takes_up(self):
        rows = [
            (["drill", "--config", self.path, "--provider", "x", "--for", "10m"], 2, "'x' is not configured; allowed: kakao"),
            (["drill", "--config", self.path, "--provider", "kako", "--for", "10m"], 2, "did you mean 'kakao'?"),
            (["drill", "--config", self.path, "--provider", "kakao", "--for", "10"], 2, "a number with s, m or h"),
            (["drill", "--config", self.path, "--provider", "kakao", "--for", "25h"], 2, "up to 24h"),
            (["drill", "--config", self.path, "--provider", "kakao"], 2, "--for LENGTH, or --end"),
            (["drill", "--config", self.path, "--provider", "kakao", "--for", "5s", "--share", "5"], 2, "such as 5%"),
            (["drill", "--config", self.path, "--provider", "kakao", "--for", "5s", "--share", "101%"], 2, "up to 100%"),
            (["drill", "--config", self.path, "--provider", "kakao", "--for", "5s"], 3, "no server took it up"),
            (["incidents", "show", "NONE", "--ledger", self.ledger], 2, "is no incident"),
            (["incidents", "list", "--ledger", "sqlite:nowhere.db"], 3, "nowhere.db"),
            (["incidents", "list", "--ledger", self.ledger, "--provider", "kakoa"], 2,
             "--provider: 'kakoa' is known to neither this ledger nor what is learned beside it; did you mean 'kakao'? providers on record: kakao, second"),
            (["incidents", "list", "--ledger", self.ledger, "--provider", "kakoa", "--json"], 2, "providers on record: kakao, second"),
            (["shadow", "report", "--ledger", self.ledger, "--since", "yesterday"], 2, "--since"),
            (["quote", "--config", self.path, "--trips", "none.csv", "--wait", "2"], 2, "--wait: '2' is no length"),
            (["quote", "--config", self.path, "--from", "1,2", "--to", "1,2", "--wait", "2m"], 2, "--wait: is of a batch"),
        ]
        self.path = self.config(self.path.name, vehicle="car", providers=[
            provider(self.sim.port), {"name": "second", "kind": "osrm", "base_url": f"http://127.0.0.1:{self.sim.port}"}])
        self.assertEqual(run("quote", "--config", self.path, "--from", "36.915,125.615", "--to", "36.935,125.635",
                             env={"SIM_KEY": "k"})[0], 0)
        for name in ("kakao", "second"):  # one that is well, and one that was never asked
            self.assertEqual(run("incidents", "list", "--ledger", self.ledger, "--provider", name)[:2],
                             (0, f"no incidents of '{name}'\n"))
        for words, code, says in rows:
            with self.subTest(says=says):
                done = run(*words)
                self.assertEqual(done[0], code, done)
                self.assertIn(says, done[2])
        # The order that nobody took up was taken back: a server that starts now is not affected.
        server = self.serve()
        self.assertEqual(set(self.quotes(server, 3)), {"provider:kakao"})


if __name__ == "__main__":
    unittest.main()
