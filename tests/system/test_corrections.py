"""`reckon map correct`, `map diff` and `--overlay` as a user meets them."""

import concurrent.futures
import json
import pathlib
import tempfile
import time
import unittest

from program import CityTest, HERE, Server, THERE, quote_body, run


class Corrections(CityTest):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.dir = pathlib.Path(temporary.name)

    def correct(self, *words, by="kim", reason="road works"):
        return run("map", "correct", self.dir / "c.json", "--map", self.map, *words, "--by", by, "--reason", reason)

    def route(self, *words):
        code, out, err = run("route", "--map", self.map, "--vehicle", "motorcycle", "--from", "%f,%f" % HERE, "--to",
                             "%f,%f" % THERE, "--json", *words)
        self.assertEqual((code, err), (0, ""))
        return json.loads(out)

    def junction(self):
        """A place where streets meet: where the route turns for the first time."""
        step = self.route("--steps")["steps"][1]
        return step["lat"], step["lon"]

    def test_closing_the_streets_of_a_route_one_after_the_other_makes_it_longer_and_removing_them_restores_it(self):
        plain = self.route("--geometry")
        line = plain["geometry"]["coordinates"]
        lengths = [plain["distance_m"]]
        for share in (0.5, 0.3, 0.7):
            lon, lat = line[int(len(line) * share)]
            code, out, err = self.correct("--kind", "close", "--near", f"{lat},{lon}")
            self.assertEqual((code, err), (0, ""))
            lengths.append(self.route("--overlay", self.dir / "c.json")["distance_m"])
        self.assertEqual(lengths, sorted(lengths))
        self.assertGreater(lengths[-1], lengths[0])
        changed = self.route("--overlay", self.dir / "c.json", "--steps", "--html", self.dir / "r.html")
        self.assertNotEqual(changed["map_release"], plain["map_release"])
        self.assertEqual(sum(step["distance_m"] for step in changed["steps"]), changed["distance_m"])
        self.assertIn("<svg", (self.dir / "r.html").read_text())
        text = (self.dir / "c.json").read_text()
        self.assertEqual(json.loads(text)["version"], 3)
        for name in ("c1", "c2", "c3"):
            self.assertEqual(run("map", "correct", self.dir / "c.json", "--map", self.map, "--remove", name)[0], 0)
        after = self.route("--overlay", self.dir / "c.json")
        self.assertEqual((after["distance_m"], after["map_release"]), (plain["distance_m"], plain["map_release"]))

    def test_a_running_server_takes_up_a_correction_within_a_second(self):
        line = self.route("--geometry")["geometry"]["coordinates"]
        lon, lat = line[len(line) // 2]
        file = self.folder / "live.json"
        file.write_text('{"version": 1, "corrections": []}')
        server = Server("serve", "--config", self.config("live-config.json", overlay="live.json"))
        self.addCleanup(server.stop)

        def quote():
            status, body, _ = server.ask("POST", "/v1/quotes", quote_body())
            self.assertEqual(status, 200)
            return json.loads(body)

        before = quote()
        code, _, err = run("map", "correct", file, "--map", self.map, "--kind", "close", "--near", f"{lat},{lon}",
                           "--by", "kim", "--reason", "road works")
        self.assertEqual((code, err), (0, ""))
        began = time.monotonic()
        while quote()["map_release"] == before["map_release"]:
            self.assertLess(time.monotonic() - began, 10)
            time.sleep(0.05)
        after = quote()
        self.assertGreater(after["distance"]["distance_m"], before["distance"]["distance_m"])
        self.assertEqual(server.stop(), 0)
        self.assertEqual(run("verify", "--ledger", f"sqlite:{self.folder / 'live-config.json.db'}")[0], 0)

    def test_diff_tells_what_a_rainy_evening_does(self):
        self.assertEqual(self.correct("--kind", "speed", "--percent", "80", "--class", "residential")[0], 0)
        code, out, _ = run("map", "diff", self.map, "--overlay", self.dir / "c.json", "--trips", 500, "--json")
        told = json.loads(out)
        self.assertEqual((code, told["trips"], told["lost"]), (0, 500, 0))
        self.assertGreater(told["changed"], 100)
        again = run("map", "diff", self.map, "--overlay", self.dir / "c.json", "--trips", 500, "--json")[1]
        self.assertEqual(out, again)
        self.assertGreater(told["mean_change_s"], 0)
        self.assertEqual((told["slower"], told["faster"]), (told["changed"], 0))
        self.assertEqual(told["trips"], told["off_map"] + told["no_route"] + told["routed"])
        self.assertEqual(told["routed"], told["same"] + told["changed"] + told["lost"] + told["found"])
        first = told["most_changed"][0]
        self.assertGreaterEqual(first["after_s"], first["before_s"])
        text = run("map", "diff", self.map, "--overlay", self.dir / "c.json", "--trips", 500)[1]
        share = 100 * told["changed"] / told["routed"]
        self.assertIn("changed  %d (%.2f %%), by" % (told["changed"], share), text)
        self.assertIn(" s on the average; %d slower, 0 faster\n" % told["slower"], text)
        none = json.loads(run("map", "diff", self.map, "--trips", 100, "--json")[1])
        self.assertEqual((none["changed"], none["lost"], none["found"]), (0, 0, 0))

    def test_diff_tells_the_trips_that_lost_their_route_and_looks_at_another_time(self):
        # The ways of a route are closed, for one night.
        ways = sorted({way for step in self.route("--steps")["steps"] for way in step["ways"]})
        (self.dir / "c.json").write_text(json.dumps({"version": 1, "corrections": [
            {"id": f"w{way}", "kind": "close", "way": way, "by": "kim", "reason": "x",
             "recorded": "2026-11-26T00:00:00Z", "from_time": "2031-01-01T18:00:00Z",
             "until_time": "2031-01-02T06:00:00Z"} for way in ways]}))

        def diff(*words):
            code, out, err = run("map", "diff", self.map, "--overlay", self.dir / "c.json", "--trips", 2000, *words)
            self.assertEqual((code, err), (0, ""))
            return out

        now, then = json.loads(diff("--json")), json.loads(diff("--json", "--at", "2031-01-01T20:00:00Z"))
        self.assertEqual((now["changed"], now["lost"], now["lost_trips"]), (0, 0, []))
        self.assertGreater(then["changed"], 0)
        self.assertGreater(then["lost"], 0)
        self.assertEqual(len(then["lost_trips"]), min(then["lost"], 10))
        self.assertEqual(then["off_map"], now["off_map"])
        text = diff("--at", "2031-01-01T20:00:00Z")
        for trip in then["lost_trips"]:
            self.assertGreater(trip["before_m"], 0)
            self.assertIn("%.6f,%.6f %.6f,%.6f\n" % (*trip["from"], *trip["to"]), text)
        code, _, err = run("map", "diff", self.map, "--at", "tonight")
        self.assertEqual(code, 2)
        self.assertIn("--at", err)

    def test_what_is_not_there_or_not_allowed_is_refused_and_the_file_stays(self):
        self.assertEqual(self.correct("--kind", "close", "--near", "%f,%f" % HERE)[0], 0)
        before = (self.dir / "c.json").read_text()
        corner = self.junction()
        for words, told in (
            (("--kind", "close", "--way", "99999999999"), "/way: 'c2': the map has no way 99999999999"),
            (("--kind", "close", "--near", "10,10"), "/near: 'c2': no road lies within 1000 m"),
            (("--kind", "close", "--near", "%f,%f" % (HERE[0], HERE[1] - 0.02)), "/near: 'c2': "),
            (("--kind", "close", "--near", "%f,%f" % HERE, "--vehicles", "foot"),
             "/vehicles: 'c2': the map has no foot; it has motorcycle, car"),
            (("--kind", "link", "--from", "%f,%f" % corner, "--to", "%f,%f" % corner, "--speed-kmh", "30"),
             "/to: 'c2': is nearest to the same junction as from"),
            (("--kind", "gate", "--at", "10,10", "--open", "no"), "/at: 'c2': no junction lies within 1000 m"),
            (("--kind", "speed", "--percent", "80", "--area", "1,2,3,4"), "/area: 'c2': no road has its middle in it"),
            (("--kind", "clos"), "allowed: close, forbid_turn"),
            (("--kind", "speed", "--percent", "0"), "percent"),
            (("--kind", "close", "--near", "125.6,36.9"), "swapped"),
            (("--kind", "close", "--near", "1"), "--near"),
            (("--kind", "close", "--near", "%f,%f" % HERE, "--id", "c1"), "taken"),
            (("--remove", "c9"), "c9"),
            ((), "--kind"),
        ):
            with self.subTest(words=words):
                code, out, err = self.correct(*words)
                self.assertEqual((code, out), (2, ""))
                self.assertIn(told, err)
                self.assertEqual((self.dir / "c.json").read_text(), before)

    def test_what_a_correction_names_is_told_as_text_and_as_fields(self):
        lat, lon = self.junction()
        code, out, _ = self.correct("--kind", "gate", "--at", f"{lat},{lon}", "--open", "no")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"c.json has version 1, 1 correction\nc1 shuts the junction [0-9.,]+ of .*\(way \d+\)"
                              r".*, 0.0 m from the place named\n$")
        told = json.loads(self.correct("--kind", "close", "--near", f"{lat},{lon}", "--json")[1])
        self.assertEqual((told["version"], told["corrections"], told["added"]), (2, 2, "c2"))
        (found,) = told["maps"]
        self.assertTrue(found["found"])
        self.assertIsNone(found["changes_nothing"])
        self.assertEqual((found["places"][0]["field"], found["vehicles"]), ("near", ["motorcycle", "car"]))
        self.assertGreater(found["length_m"], 0)
        # The way that was told is the one that is closed when it is named itself.
        way = found["ways"][0]["way"]
        code, out, _ = self.correct("--kind", "close", "--way", str(way))
        self.assertEqual(code, 0)
        self.assertRegex(out, rf"c3 closes .*\(way {way}\).*, \d+ m\n$")
        out = self.correct("--kind", "speed", "--percent", "80")[1]
        self.assertRegex(out, r"c4 gives [0-9.]+ km of road 80 % of the map's speed\n")
        self.assertEqual(json.loads(self.correct("--remove", "c4", "--json")[1]),
                         {"file": str(self.dir / "c.json"), "version": 5, "corrections": 3, "removed": "c4"})

    def test_a_turn_of_a_route_is_forbidden_by_the_ways_that_its_steps_tell(self):
        plain = self.route("--steps")
        before, after = plain["steps"][0], plain["steps"][1]
        self.assertEqual((before["way"], after["way"]), (before["ways"][0], after["ways"][0]))
        code, text, _ = run("route", "--map", self.map, "--vehicle", "motorcycle", "--from", "%f,%f" % HERE, "--to",
                            "%f,%f" % THERE, "--steps")
        self.assertEqual(code, 0)
        self.assertRegex(text.splitlines()[1], rf" \(ways? {before['way']}[,)]")
        turn = ("--from-way", str(before["ways"][-1]), "--to-way", str(after["way"]), "--at",
                f"{after['lat']},{after['lon']}")
        code, out, err = self.correct("--kind", "forbid_turn", *turn)
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, rf"c1 forbids the turn from .*\(way {before['ways'][-1]}\) to .*\(way {after['way']}\)"
                              r" at the junction [0-9.,]+, 0.0 m from the place named\n$")
        changed = self.route("--steps", "--overlay", self.dir / "c.json")
        self.assertNotEqual([s["ways"] for s in changed["steps"]], [s["ways"] for s in plain["steps"]])
        code, _, err = self.correct("--kind", "allow_turn", *turn)
        self.assertEqual(code, 2)
        self.assertIn("'c2' allows the turn that 'c1' forbids at the same time; ", err)

    def test_a_correction_that_changes_nothing_is_kept_and_said(self):
        for words, why in ((("--kind", "speed", "--percent", "100"), "100 % is the speed that they have"),
                           (("--kind", "close", "--near", "%f,%f" % HERE, "--until-time", "2026-01-01T00:00:00Z"),
                            "it ended at 2026-01-01T00:00:00Z")):
            code, out, _ = self.correct(*words)
            self.assertEqual(code, 0)
            self.assertIn("changes nothing: " + why, out)

    def test_two_maps_are_told_apart_and_one_that_has_it_is_enough(self):
        other = self.folder / "moto.rmap"
        self.assertEqual(run("map", "build", self.extract, "--out", other, "--vehicles", "motorcycle")[0], 0)
        code, out, _ = run("map", "correct", self.dir / "c.json", "--map", f"{other},{self.map}", "--kind", "close",
                           "--near", "%f,%f" % HERE, "--vehicles", "car", "--by", "kim", "--reason", "works")
        self.assertEqual(code, 0)
        self.assertIn(f"c1 on {other} names nothing: the map has no car; it has motorcycle\n", out)
        self.assertRegex(out, f"c1 on {self.map} closes .* m from the place named\n")

    def test_a_gate_both_open_and_shut_is_a_fault_that_names_both_unless_apart_in_time_or_vehicle(self):
        at = ("--at", "%f,%f" % self.junction())
        until, since = ("--until-time", "2030-01-01T00:00:00Z"), ("--from-time", "2030-01-01T00:00:00Z")
        self.assertEqual(self.correct("--kind", "gate", *at, "--open", "no", *until, "--vehicles", "car")[0], 0)
        code, _, err = self.correct("--kind", "gate", *at, "--open", "yes")
        self.assertEqual(code, 2)
        self.assertIn("#/corrections/1: 'c2' opens the gate that 'c1' shuts at the same time; ", err)
        code, _, err = self.correct("--kind", "gate", *at, "--open", "no")
        self.assertEqual(code, 2)
        self.assertIn("'c2' shuts the same gate as 'c1' at the same time; ", err)
        for apart in (since, ("--vehicles", "motorcycle", *until)):
            self.assertEqual(self.correct("--kind", "gate", *at, "--open", "yes", *apart)[0], 0)

    def test_hours_of_the_day_are_written_by_options_and_looked_at_ahead_of_time(self):
        rush = ["--kind", "speed", "--percent", "50", "--daily", "18:00-22:00"]
        code, _, err = self.correct(*rush, "--time-zone", "Asia/Seoul", "--weekdays", "monday,friday")
        self.assertEqual((code, err), (0, ""))
        entry = json.loads((self.dir / "c.json").read_text())["corrections"][0]
        self.assertEqual(entry["daily"], {"from": "18:00", "to": "22:00", "time_zone": "Asia/Seoul",
                                          "weekdays": ["monday", "friday"]})
        slower = {}
        for day, hour in (("27", "19"), ("27", "22"), ("28", "19")):  # Friday evening and night, Saturday evening
            code, out, err = run("map", "diff", self.map, "--overlay", self.dir / "c.json", "--vehicle", "motorcycle",
                                 "--at", f"2026-11-{day}T{hour}:00:00+09:00", "--json")
            self.assertEqual(code, 0, err)
            slower[day, hour] = json.loads(out)["slower"]
        self.assertGreater(slower["27", "19"], 5000)
        self.assertEqual((slower["27", "22"], slower["28", "19"]), (0, 0))
        overlaid = ["--overlay", self.dir / "c.json", "--at"]
        calm, busy = (self.route(*overlaid, f"2026-11-27T{hour}:00:00+09:00")["duration_s"] for hour in (17, 18))
        self.assertEqual(calm, self.route()["duration_s"])
        self.assertGreater(busy, 1.5 * calm)
        code, _, err = run("route", "--map", self.map, "--from", "%f,%f" % HERE, "--to", "%f,%f" % THERE, *overlaid, "soon")
        self.assertEqual(code, 2)
        self.assertIn("--at", err)
        for words, says in ((["--daily", "18:00", "--time-zone", "Asia/Seoul"], "--daily: '18:00' is not usable"),
                            (["--daily", "18:00-22:00"], "--time-zone: is missing"),
                            (["--daily", "18:00-22:00", "--time-zone", "Seoul"], "/daily/time_zone"),
                            (["--weekdays", "monday"], "--weekdays: goes with --daily only")):
            code, _, err = self.correct("--kind", "speed", "--percent", "50", *words)
            self.assertEqual(code, 2)
            self.assertIn(says, err)

    def test_corrections_made_at_once_are_all_kept(self):
        def slow_down(percent):
            return self.correct("--kind", "speed", "--percent", str(percent))[0]

        with concurrent.futures.ThreadPoolExecutor() as pool:
            self.assertEqual(list(pool.map(slow_down, range(91, 97))), [0] * 6)
        kept = json.loads((self.dir / "c.json").read_text())
        self.assertEqual(sorted(one["percent"] for one in kept["corrections"]), list(range(91, 97)))
        self.assertEqual(kept["version"], 6)

    def test_an_entry_that_the_map_has_lost_can_be_removed_and_others_added(self):
        stale = [{"id": name, "kind": "close", "way": 42424242, "by": "kim", "reason": "x",
                  "recorded": "2026-11-26T00:00:00Z"} for name in ("a", "b")]
        (self.dir / "c.json").write_text(json.dumps({"version": 5, "corrections": stale}))
        self.assertEqual(self.correct("--remove", "a")[0], 0)
        self.assertEqual(self.correct("--kind", "close", "--near", "%f,%f" % HERE)[0], 0)
        self.assertEqual([c["id"] for c in json.loads((self.dir / "c.json").read_text())["corrections"]], ["b", "c2"])

    def test_a_faulty_file_names_each_fault_with_its_place(self):
        (self.dir / "bad.json").write_text(json.dumps({"version": 0, "corrections": [
            {"id": "a", "kind": "close", "way": -1, "by": "kim", "reason": "x", "recorded": "yesterday"},
            {"id": "a", "kind": "speed", "percent": 80, "class": "motorwy", "by": "kim", "reason": "x",
             "recorded": "2026-11-26T00:00:00Z", "colour": "red"}]}))
        code, _, err = run("route", "--map", self.map, "--vehicle", "motorcycle", "--from", "%f,%f" % HERE, "--to",
                           "%f,%f" % THERE, "--overlay", self.dir / "bad.json")
        self.assertEqual(code, 2)
        for place in ("#/version", "#/corrections/0/way", "#/corrections/0/recorded", "#/corrections/1/id",
                      "#/corrections/1/class", "colour"):
            self.assertIn(place, err)


if __name__ == "__main__":
    unittest.main()
