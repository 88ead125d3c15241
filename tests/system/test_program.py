"""The program at a shell: exit codes, error lines, batches, bad files."""

import csv
import json
import pathlib
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from program import HERE, THERE, SOURCE, CityTest, run  # noqa: E402

TRIP = ["--from", f"{HERE[0]},{HERE[1]}", "--to", f"{THERE[0]},{THERE[1]}"]


class Errors(CityTest):
    def test_each_misuse_has_its_exit_code_and_says_what_is_allowed(self):
        config = self.config()
        truncated = self.folder / "truncated.rmap"
        truncated.write_bytes(self.map.read_bytes()[:-1000])
        (self.folder / "unknown.json").write_text('{"map": "city.rmap", "colour": 1, "deadline_ms": 0}')
        (self.folder / "deep.json").write_text("[" * 1_000_000)
        (self.folder / "empty.csv").write_text("")
        (self.folder / "text.osm.pbf").write_text("this is no PBF")
        rows = [
            (["frobnicate"], 2, "is not a command"),
            (["rout"], 2, "is not a command; did you mean 'route'? allowed: "),
            (["rain"], 2, "is not a command; allowed: "),
            (["route", "--map", self.map, "--formm", "1,2"], 2, "is not an option here; did you mean 'from'? allowed: "),
            (["bench", "quote", "--map", self.map, "--tariff", config, "--scenario", "rainy"], 2, "allowed: none, up"),
            (["quote", "--config", "nowhere.json", *TRIP], 3, "nowhere.json"),
            (["quote", "--config", config], 2, "allowed: --from and --to, or --trips"),
            (["quote", "--config", config, "--colour", "red", *TRIP], 2, "--colour"),
            (["quote", "--config", config, "--from", "126.9,37.5", "--to", "37.5,126.9"], 2, "look swapped"),
            (["quote", "--config", config, "--from", "nan,1", "--to", "37.5,126.9"], 2, "LAT,LON"),
            (["quote", "--config", config, *TRIP, "--at", "noon"], 2, "RFC 3339"),
            (["quote", "--config", config, *TRIP, "--at", "1999-01-01T00:00:00Z"], 2, "in force"),
            (["quote", "--config", config, *TRIP, "--context", '{"rain":1}'], 2, "--context#/rain"),
            (["quote", "--config", config, *TRIP, "--vehicle", "tank"], 2, "motorcycle, bicycle, foot, car"),
            (["quote", "--config", config, *TRIP, "--tariff", "none.json"], 3, "none.json"),
            (["quote", "--config", self.folder / "unknown.json", *TRIP], 2, "#/colour"),
            (["quote", "--config", self.folder / "unknown.json", *TRIP], 2, "#/deadline_ms"),
            (["quote", "--config", self.folder / "deep.json", *TRIP], 2, "deep.json:1:65"),
            (["quote", "--config", config, "--trips", self.folder / "empty.csv"], 2, "empty.csv"),
            (["quote", "--config", self.config("t.json", map="truncated.rmap"), *TRIP], 2, "truncated.rmap"),
            (["map", "info", truncated], 2, "truncated.rmap"),
            (["map", "info", config], 2, "config.json"),
            (["map", "info", "none.rmap"], 3, "none.rmap"),
            (["map", "build", self.folder / "text.osm.pbf", "--out", self.folder / "x.rmap"], 2, "text.osm.pbf"),
            (["map", "build", "none.osm.pbf", "--out", self.folder / "x.rmap"], 3, "none.osm.pbf"),
            (["route", "--map", self.map, "--vehicle", "tank", *TRIP], 2, "motorcycle"),
            (["tariff", "check", config], 2, "config.json#/"),
            (["tariff", "check", "none.json"], 3, "none.json"),
            (["assign", config, "--out", self.folder / "x.json"], 2, "config.json"),
            (["verify"], 2, "allowed: a TRACE.json or --ledger"),
            (["verify", "--ledger", "sqlite:none.db"], 3, "none.db"),
            (["verify", "--ledger", f"sqlite:{config}"], 2, "config.json"),
            (["serve", "--config", self.config("s.json", tariffs=[])], 2, "#/tariffs"),
            (["serve", "--config", self.config("l.json", ledger=None)], 2, "#/ledger"),
            (["serve", "--config", self.config("p.json", listen="127.0.0.1:99999")], 2, "HOST:PORT"),
        ]
        for words, exit_code, says in rows:
            with self.subTest(words=" ".join(map(str, words))):
                code, out, fault = run(*words)
                self.assertEqual((code, out), (exit_code, ""), fault)
                self.assertIn(says, fault)
                for line in fault.splitlines():
                    self.assertTrue(line.startswith("reckon: error: "), line)
        self.assertFalse((self.folder / "x.rmap").exists())
        self.assertFalse((self.folder / "x.json").exists())

    def test_an_unknown_option_is_one_fault_not_two(self):
        code, _, fault = run("route", "--map", self.map, "--vehicle", "car", *TRIP, "--colour", "red")
        self.assertEqual((code, len(fault.splitlines())), (2, 1), fault)

    def test_help_is_there_for_every_command(self):
        self.assertEqual(run("help")[0], 0)
        for command in ("quote", "serve", "verify", "tariff check", "tariff test", "map build", "map info", "route",
                        "table", "provider-sim", "assign"):
            code, out, _ = run("help", *command.split())
            self.assertEqual(code, 0)
            self.assertIn(f"usage: reckon {command}", out)
            self.assertEqual(run(*command.split(), "--help")[:2], (0, out))


class Work(CityTest):
    def test_a_batch_keeps_order_and_columns_and_tells_which_rows_failed(self):
        trips = self.folder / "trips.csv"
        trips.write_text("order,from_lat,from_lon,to_lat,to_lon,context\n"
                         f'a,{HERE[0]},{HERE[1]},{THERE[0]},{THERE[1]},\n'
                         f'b,{HERE[0]},{HERE[1]},{THERE[0]},{THERE[1]},"{{""weather"":[""rain""]}}"\n'
                         f'c,126.9,37.5,{THERE[0]},{THERE[1]},\n')
        code, out, fault = run("quote", "--config", self.config("batch.json"), "--trips", trips)
        rows = list(csv.DictReader(out.splitlines()))
        self.assertEqual(code, 1)
        self.assertEqual([row["order"] for row in rows], ["a", "b", "c"])
        self.assertEqual([row["status"] for row in rows], ["ok", "ok", "invalid_input"])
        self.assertEqual(int(rows[1]["fee"]) - int(rows[0]["fee"]), 1000)
        self.assertEqual([bool(row["message"]) for row in rows], [False, False, True])
        self.assertIn("trips.csv:4", fault)
        self.assertIn("3 rows: 2 priced (2 road), 1 failed", fault)
        self.assertIn("2 quotes recomputed, 0 differences", run("verify", "--ledger", f"sqlite:{self.folder}/batch.json.db")[1])

    def test_a_dead_provider_fails_no_quote_of_the_bench(self):
        code, out, fault = run("bench", "quote", "--map", self.map, "--tariff", SOURCE / "data/tariffs/t4-rider-2022.json",
                               "--scenario", "dead", "--rate", "100", "--seconds", "4", "--deadline-ms", "400", "--json")
        told = json.loads(out)
        rows = {row["name"]: row for row in told["rows"]}
        self.assertEqual((code, told["failed"]), (0, 0), fault)
        self.assertGreater(rows["provider answered"]["quotes"], 100)
        self.assertGreater(rows["provider not asked"]["quotes"], 100)
        self.assertGreaterEqual(rows["provider asked in vain"]["quotes"], 5)
        self.assertEqual(rows["all"]["quotes"], sum(row["quotes"] for name, row in rows.items() if name != "all"))

    def test_one_quote_as_json_equals_the_route_that_it_prices(self):
        code, out, _ = run("quote", "--config", self.config("one.json"), *TRIP, "--json")
        quote = json.loads(out)
        route = json.loads(run("route", "--map", self.map, "--vehicle", "motorcycle", *TRIP, "--json")[1])
        self.assertEqual((code, quote["distance"]["distance_m"]), (0, route["distance_m"]))
        self.assertEqual(quote["map_release"], route["map_release"])

    def test_a_route_is_drawn_with_its_ends_and_the_streets_around_it(self):
        svg, page = self.folder / "route.svg", self.folder / "route.html"
        route = ["route", "--map", self.map, "--vehicle", "motorcycle", *TRIP]
        code, out, fault = run(*route, "--svg", svg, "--html", page, "--json")
        self.assertEqual(code, 0, fault)
        self.assertNotIn("geometry", json.loads(out))
        line = json.loads(run(*route, "--geometry")[1])["geometry"]["coordinates"]
        name = "{http://www.w3.org/2000/svg}"
        lines = xml.etree.ElementTree.parse(svg).getroot().findall(f".//{name}polyline")
        drawn = [one.get("points").split() for one in lines if one.get("stroke") == "#1f5fd0"]
        self.assertEqual([len(points) for points in drawn], [len(line)])
        self.assertGreater(len(lines), 50)
        self.assertIn(json.loads(out)["map_release"], page.read_text())
        self.assertEqual(run(*route, "--svg", self.folder / "no" / "route.svg")[0], 3)

    def test_no_answer_takes_the_place_of_what_is_read(self):
        places = self.folder / "places.csv"
        places.write_text(f"lat,lon\n{HERE[0]},{HERE[1]}\n{THERE[0]},{THERE[1]}\n")
        extract = self.folder / "own.osm.pbf"
        extract.write_bytes(self.extract.read_bytes())
        link = self.folder / "link.csv"
        link.symlink_to(places)
        rows = [
            (["table", "--map", self.map, "--sources", places, "--destinations", places, "--out", places], "--sources"),
            (["table", "--map", self.map, "--sources", places, "--destinations", places, "--out", link], "--sources"),
            (["route", "--map", f"none.rmap,{self.map}", *TRIP, "--svg", self.map], "--map"),
            (["route", "--map", self.map, *TRIP, "--svg", self.folder / "r", "--html", self.folder / "r"], "--svg"),
            (["map", "build", extract, "--out", extract], "read"),
            (["quote", "--config", places, *TRIP, "--trace", places], "--config"),
            (["settle", "statement", "--books", f"sqlite:{places}", "--out", places], "--books"),
        ]
        for words, named in rows:
            with self.subTest(words=" ".join(map(str, words))):
                code, _, err = run(*words)
                self.assertEqual(code, 2, err)
                self.assertIn(f"is {named}, too, and would be lost", err)
        self.assertEqual(places.read_text().count("\n"), 3)
        self.assertEqual(extract.read_bytes(), self.extract.read_bytes())

    def test_a_table_within_limits_leaves_out_what_lies_beyond(self):
        riders = self.folder / "riders.csv"
        riders.write_text(f"lat,lon\n{HERE[0]},{HERE[1]}\n{THERE[0]},{THERE[1]}\n")
        table = ["table", "--map", self.map, "--sources", riders, "--destinations", riders,
                 "--out", self.folder / "t.csv"]

        def cells(*limits):
            self.assertEqual(run(*table, *limits)[0], 0)
            return [row["status"] for row in csv.DictReader(open(self.folder / "t.csv"))]
        there = json.loads(run("route", "--map", self.map, *TRIP, "--json")[1])
        self.assertEqual(cells(), ["ok"] * 4)
        self.assertEqual(cells("--within-m", there["distance_m"])[1], "ok")
        self.assertEqual(cells("--within-m", there["distance_m"] - 1)[:2], ["ok", "beyond"])
        self.assertEqual(cells("--within-s", 0), ["ok", "beyond", "beyond", "ok"])
        code, _, err = run(*table, "--within-s", "-1", "--within-m", "x")
        self.assertEqual(code, 2)
        self.assertIn("--within-s: '-1' is out of range", err)
        self.assertIn("--within-m: 'x' is no whole number", err)

    def test_off_the_map_is_said_of_the_end_that_is(self):
        far = "0,0"
        here = f"{HERE[0]},{HERE[1]}"
        for ends, named in ((("--from", far, "--to", here), "of --from)"), (("--from", here, "--to", far), "of --to)"),
                            (("--from", far, "--to", far), "of --from, nor of --to)")):
            code, out, err = run("route", "--map", self.map, *ends)
            self.assertEqual(code, 0, err)
            self.assertIn(f"off_map (no road of this vehicle within 1000 m {named}", out)

    def test_two_maps_side_by_side_answer_as_the_one_that_covers_the_trip(self):
        one = json.loads(run("route", "--map", self.map, "--vehicle", "car", *TRIP, "--json")[1])
        lone = self.folder / "car.rmap"
        run("map", "build", self.extract, "--out", lone, "--vehicles", "car")
        both = json.loads(run("route", "--map", f"{lone},{self.map}", "--vehicle", "car", *TRIP, "--json")[1])
        self.assertEqual(both["distance_m"], one["distance_m"])
        self.assertNotEqual(both["map_release"], one["map_release"])
        twice = run("route", "--map", f"{self.map},{self.map}", "--vehicle", "car", *TRIP)
        self.assertEqual(twice[0], 2)
        self.assertIn("each map may be given once", twice[2])

    def test_fewer_labels_make_a_smaller_map_with_the_same_routes(self):
        small = self.folder / "small.rmap"
        run("map", "build", self.extract, "--out", small, "--vehicles", self.vehicles, "--labels", "1")
        self.assertLess(small.stat().st_size, self.map.stat().st_size)
        route = ["--vehicle", "motorcycle", *TRIP, "--json"]
        few, many = (json.loads(run("route", "--map", file, *route)[1]) for file in (small, self.map))
        self.assertEqual([few["distance_m"], few["duration_s"]], [many["distance_m"], many["duration_s"]])
        code, _, err = run("map", "build", self.extract, "--out", small, "--labels", "0")
        self.assertEqual(code, 2)
        self.assertIn("--labels: '0' is out of range; allowed: an integer from 1 to 1000", err)

    def test_shipped_tariffs_pass_their_own_vectors(self):
        tariffs = sorted((SOURCE / "data/tariffs").glob("*.json"))
        self.assertGreaterEqual(len(tariffs), 5)
        self.assertEqual(run("tariff", "test", *tariffs)[0], 0)
        wrong = self.folder / "wrong.json"
        wrong.write_text(tariffs[0].read_text().replace('"total": 4500', '"total": 4400'))
        self.assertEqual(run("tariff", "test", wrong)[0], 1)

    def test_a_city_is_the_same_bytes_each_time(self):
        again = self.folder / "again.rmap"
        run("map", "build", self.extract, "--out", again, "--vehicles", self.vehicles)
        self.assertEqual(again.read_bytes(), self.map.read_bytes())


if __name__ == "__main__":
    unittest.main()
