"""Learning a provider: a batch ends with a lesson, the next processes profit, `reckon calibrate` tells what it learnt."""

import csv
import io
import json
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from program import CityTest, Server, run  # noqa: E402


def trips(count, seed, vehicles=("",)):
    """As many for each vehicle; an empty one is the configuration's."""
    dice = random.Random(seed)
    rows = [[f"{dice.uniform(36.908, 36.942):.6f}", f"{dice.uniform(125.608, 125.642):.6f}",
             f"{dice.uniform(36.908, 36.942):.6f}", f"{dice.uniform(125.608, 125.642):.6f}", vehicle]
            for _ in range(count) for vehicle in vehicles]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["from_lat", "from_lon", "to_lat", "to_lon", "vehicle"], *rows])
    return out.getvalue()


class Learning(CityTest):
    vehicles = "car"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.folder / "seen.csv").write_text(trips(520, 1))
        (cls.folder / "others.csv").write_text(trips(100, 2))
        sim = Server("provider-sim", "--map", cls.map, "--vehicle", "car", "--api", "osrm", "--port", 0, "--habits", 7,
                     "--closed-share", "1%")
        try:
            entry = {"name": "own", "kind": "osrm", "base_url": f"http://127.0.0.1:{sim.port}", "profile": "driving"}
            cls.content = {"vehicle": "car", "providers": [entry]}
            cls.learned = cls.config(cls, "learned.json", **cls.content)
            cls.batch = run("quote", "--config", cls.learned, "--trips", cls.folder / "seen.csv", "--out",
                            cls.folder / "seen-fees.csv")
            run("quote", "--config", cls.learned, "--trips", cls.folder / "others.csv", "--out", cls.folder / "true.csv")
        finally:
            sim.stop()
        cls.ledger = f"sqlite:{cls.learned}.db"

    def test_a_batch_with_many_answers_ends_with_a_lesson(self):
        code, _, told = self.batch
        self.assertEqual(code, 0, told)
        self.assertRegex(told, r"learning from \d+ answers of own for car, which are kept: minutes")
        self.assertIn("own: learned from 520 trips; the 52 newest, before they were learned from,", told)
        self.assertTrue((self.folder / "learned.json.db.answers").exists())
        self.assertTrue((self.folder / "learned.json.db.calibration.json").exists())

    def test_in_the_outage_fees_are_the_providers(self):
        code, out, told = run("quote", "--config", self.learned, "--trips", self.folder / "seen.csv")
        self.assertEqual(code, 0, told)
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual({row["source"] for row in rows}, {"memory:own"})
        before = list(csv.DictReader(io.StringIO((self.folder / "seen-fees.csv").read_text())))
        self.assertEqual([row["fee"] for row in rows], [row["fee"] for row in before])
        ledger = f"sqlite:{self.learned}.db"
        incident = json.loads(run("incidents", "list", "--ledger", ledger, "--json")[1])["incidents"][-1]
        text = run("incidents", "show", incident["id"], "--ledger", ledger)[1]
        self.assertRegex(text, r"(?m)^ +memory:own +guessed +\d+ +[\d,]+ KRW   its own earlier answers; whether they hold is not on record$")

    def test_a_rehearsal_a_provider_of_other_habits_is_priced_the_same_when_it_is_gone(self):
        before = list(csv.DictReader(io.StringIO((self.folder / "true.csv").read_text())))
        self.assertEqual({row["source"] for row in before}, {"provider:own"})

        def same(config):
            code, out, told = run("quote", "--config", config, "--trips", self.folder / "others.csv")
            self.assertEqual(code, 0, told)
            after = list(csv.DictReader(io.StringIO(out)))
            self.assertEqual({row["source"] for row in after}, {"road"})
            return sum(a["fee"] == b["fee"] for a, b in zip(before, after))

        # Beside another ledger no trip is remembered: the model alone prices.
        path = self.config("rehearsal.json", **self.content)
        map_alone = same(path)
        learned = self.folder / "learned.json.db.calibration.json"
        (self.folder / "rehearsal.json.db.calibration.json").write_bytes(learned.read_bytes())
        with_answers = same(path)
        self.assertLess(map_alone, 0.8 * len(before))  # its habits are not the map's
        self.assertGreater(with_answers, 0.9 * len(before), f"map alone: {map_alone}")

    def test_the_sims_habits_are_those_of_the_seed(self):
        def answer(*words):
            sim = Server("provider-sim", "--map", self.map, "--vehicle", "car", "--api", "osrm", "--port", 0, *words)
            self.addCleanup(sim.stop)
            way = "125.615,36.915;125.635,36.935"
            route = json.loads(sim.ask("GET", f"/route/v1/driving/{way}?overview=false")[1])["routes"][0]
            return route["distance"], route["duration"]

        own, seven = answer(), answer("--habits", 7)
        self.assertNotEqual(own, seven)
        self.assertEqual(seven, answer("--habits", 7, "--closed-share", "0%"))
        self.assertNotEqual(seven, answer("--habits", 8))
        for words, says in ((["--closed-share", "2%"], "--habits SEED"), (["--habits", "x"], "--habits"),
                            (["--habits", "7", "--closed-share", "2"], "0% to 50%"),
                            (["--habits", "7", "--closed-share", "51%"], "0% to 50%")):
            with self.subTest(says=says):
                done = run("provider-sim", "--map", self.map, "--vehicle", "car", "--api", "osrm", *words)
                self.assertEqual(done[0], 2)
                self.assertIn(says, done[2])

    def test_calibrate_tells_what_it_learnt_and_the_same_answers_give_the_same_bytes(self):
        files = [self.folder / "one.json", self.folder / "two.json"]
        words = ["calibrate", "--ledger", self.ledger, "--map", self.map, "--vehicle", "car"]
        told = [run(*words, "--out", files[0], "--json"), run(*words, "--out", files[1])]
        self.assertEqual([code for code, _, _ in told], [0, 0], told)
        self.assertEqual(files[0].read_bytes(), files[1].read_bytes())
        lesson = json.loads(told[0][1])
        self.assertEqual((lesson["provider"], lesson["vehicle"], lesson["learned_from"]), ("own", "car", 620))
        self.assertGreaterEqual(lesson["after"]["same_100m"], lesson["before"]["same_100m"])
        self.assertIn(lesson["release"] + " written to", told[1][1])
        self.assertIn("90 % intervals", told[1][1])
        for habit in lesson["unlike_the_map"]:
            self.assertIn(habit, told[1][1])
        self.assertNotIn("keeps no turn rules", lesson["unlike_the_map"])
        self.assertEqual(sum(bin["pairs"] for bin in lesson["after"]["intervals"]), 62)

    def test_what_was_learned_of_routes_is_not_replaced_by_a_detour_and_other_citys_answers_are_refused(self):
        out = self.folder / "kept.json"
        kept = (self.folder / "learned.json.db.calibration.json").read_bytes()
        out.write_bytes(kept)
        words = ["calibrate", "--ledger", self.ledger, "--vehicle", "car", "--out", out]
        code, text, told = run(*words)
        self.assertEqual((code, text), (2, ""))
        self.assertRegex(told, "--map: is missing; .*kept.json holds what was learned of routes on map sha256:")
        self.assertEqual(out.read_bytes(), kept)

        away = self.folder / "away.csv"
        away.write_text("from_lat,from_lon,to_lat,to_lon,distance_m\n" +
                        "".join(f"43.73,7.4{i:03},43.74,7.41,{1500 + i}\n" for i in range(600)))
        code, text, told = run("calibrate", "--from", away, "--provider", "own", "--vehicle", "car", "--map", self.map,
                               "--out", self.folder / "away.json")
        self.assertEqual((code, text), (2, ""))
        self.assertIn("covers 0 of the 600 trips", told)
        self.assertFalse((self.folder / "away.json").exists())

    def test_from_a_file_without_a_map_the_detour_is_learned(self):
        rows = list(csv.DictReader(io.StringIO((self.folder / "seen-fees.csv").read_text())))
        pairs = self.folder / "pairs.csv"
        with pairs.open("w") as file:
            out = csv.DictWriter(file, ["from_lat", "from_lon", "to_lat", "to_lon", "distance_m"], extrasaction="ignore")
            out.writeheader()
            out.writerows(rows)
        code, text, fault = run("calibrate", "--from", pairs, "--provider", "own", "--vehicle", "car", "--out",
                                self.folder / "flat.json")
        self.assertEqual(code, 0, fault)
        self.assertIn("usual detour", text)
        self.assertEqual(json.loads((self.folder / "flat.json").read_text())["map_release"], "")

    def test_the_server_says_which_calibration_is_in_use(self):
        server = Server("serve", "--config", self.learned)
        self.addCleanup(server.stop)
        calibration = json.loads(server.ask("GET", "/v1/health")[1])["calibration"]
        self.assertEqual((calibration["provider"], calibration["on_roads"], calibration["fault"]), ("own", True, None))
        self.assertEqual(json.loads(server.ask("GET", "/v1/health")[1])["calibrations"], [{"vehicle": "car", **calibration}])
        self.assertTrue(calibration["release"].startswith("sha256:"))

    def test_a_damaged_snapshot_is_told_and_costs_nothing_else(self):
        config = self.config("damaged.json", **self.content)
        (self.folder / "damaged.json.db.calibration.json").write_text("{")
        server = Server("serve", "--config", config)
        self.addCleanup(server.stop)
        calibration = json.loads(server.ask("GET", "/v1/health")[1])["calibration"]
        self.assertIsNone(calibration["release"])
        self.assertIn("damaged.json.db.calibration.json", calibration["fault"])
        one = run("quote", "--config", config, "--from", "36.915,125.615", "--to", "36.935,125.635")
        self.assertEqual(one[0], 0)
        self.assertIn("calibration is not used", one[2])

    def test_bad_input_is_refused_and_nothing_is_written(self):
        out = self.folder / "never.json"
        rows = [
            ([], 2, "--ledger sqlite:PATH, or --from CSV"),
            (["--ledger", "oracle:x"], 2, "allowed: sqlite:PATH"),
            (["--ledger", "sqlite:nowhere.db"], 3, "does not exist"),
            (["--ledger", self.ledger], 2, "holds answers for motorcycle of: nobody; --vehicle car has own"),
            (["--ledger", self.ledger, "--vehicle", "car", "--provider", "x"], 2, "'x' has none"),
            (["--ledger", self.ledger, "--vehicle", "tank"], 2, "motorcycle, bicycle, foot, car"),
            (["--ledger", self.ledger, "--vehicle", "car", "--map", "nowhere.rmap"], 3, "nowhere.rmap"),
            (["--from", self.folder / "seen.csv", "--provider", "own", "--vehicle", "car"], 2, "column 'distance_m' is missing"),
            (["--from", self.folder / "seen.csv", "--vehicle", "car"], 2, "--provider: is missing"),
            (["--from", self.folder / "few.csv", "--provider", "own"], 2, "--vehicle: is missing"),
            (["--from", self.folder / "few.csv", "--provider", "own", "--vehicle", "car"], 2, "1 trips with different doors are too few"),
        ]
        (self.folder / "few.csv").write_text("from_lat,from_lon,to_lat,to_lon,distance_m\n1,2,3,4,5\n")
        for words, code, says in rows:
            with self.subTest(says=says):
                done = run("calibrate", *words, "--out", out)
                self.assertEqual(done[0], code, done)
                self.assertIn(says, done[2])
                self.assertTrue(done[2].startswith("reckon: error: "))
        self.assertFalse(out.exists())


class Fleet(CityTest):
    """Cars and bicycles of one provider, of which bicycles ride the cars' ways: what is learned of one is not the other's."""

    vehicles = "car,bicycle"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.folder / "seen.csv").write_text(trips(520, 1, ("", "bicycle")))
        (cls.folder / "others.csv").write_text(trips(200, 2, ("bicycle",)))
        sim = Server("provider-sim", "--map", cls.map, "--vehicle", "car", "--api", "valhalla", "--port", 0)
        try:
            entry = {"name": "own", "kind": "valhalla", "base_url": f"http://127.0.0.1:{sim.port}"}
            cls.content = {"vehicle": "car", "providers": [entry]}
            cls.path = cls.config(cls, "fleet.json", **cls.content)
            cls.seen, cls.told = cls.fees(cls.path, "seen.csv")
            cls.before, _ = cls.fees(cls.path, "others.csv")
        finally:
            sim.stop()

    @classmethod
    def fees(cls, config, name):
        code, out, told = run("quote", "--config", config, "--trips", cls.folder / name)
        if code != 0:
            raise AssertionError(told)
        return list(csv.DictReader(io.StringIO(out))), told

    def same_fees(self, config):
        after, _ = self.fees(config, "others.csv")
        self.assertEqual({row["source"] for row in after}, {"road"})
        return sum(a["fee"] == b["fee"] for a, b in zip(self.before, after))

    def test_a_batch_of_two_vehicles_teaches_both_and_each_prices_in_the_outage(self):
        self.assertIn("own: learned from 520 trips", self.told)
        self.assertIn("; for car: sha256:", self.told)
        self.assertIn("; for bicycle: sha256:", self.told)
        # Beside another ledger no trip is remembered: the models alone price.
        path = self.config("outage.json", **self.content)
        for ending, vehicle in (("", "car"), (".bicycle", "bicycle")):
            learned = (self.folder / f"fleet.json.db.calibration{ending}.json").read_text()
            self.assertEqual(json.loads(learned)["vehicle"], vehicle)
            (self.folder / f"outage.json.db.calibration{ending}.json").write_text(learned)
        server = Server("serve", "--config", path)
        self.addCleanup(server.stop)
        health = json.loads(server.ask("GET", "/v1/health")[1])
        self.assertEqual([one["vehicle"] for one in health["calibrations"]], ["bicycle", "car"])
        self.assertEqual([one["fault"] for one in health["calibrations"]], [None, None])
        self.assertEqual(health["calibration"]["release"], health["calibrations"][1]["release"])

        learned = self.same_fees(path)
        self.assertGreater(learned, 0.95 * len(self.before))
        (self.folder / "outage.json.db.calibration.bicycle.json").unlink()
        self.assertGreater(learned, self.same_fees(path))

    def test_calibrate_writes_each_vehicles_file_and_overwrites_no_others(self):
        ledger = f"sqlite:{self.path}.db"
        cars = pathlib.Path(f"{self.path}.db.calibration.json")
        before = cars.read_bytes()
        code, out, told = run("calibrate", "--ledger", ledger, "--map", self.map, "--vehicle", "bicycle", "--json")
        self.assertEqual(code, 0, told)
        self.assertEqual(json.loads(out)["file"], f"{self.path}.db.calibration.bicycle.json")
        self.assertEqual(cars.read_bytes(), before)
        code, out, told = run("calibrate", "--ledger", ledger, "--from", self.pairs(), "--provider", "rival",
                              "--vehicle", "car", "--json")
        self.assertEqual(code, 0, told)
        self.assertEqual(json.loads(out)["file"], f"{self.path}.db.calibration.car.of-rival.json")
        self.assertEqual(cars.read_bytes(), before)

    def pairs(self):
        pairs = self.folder / "pairs.csv"
        with pairs.open("w") as file:
            out = csv.DictWriter(file, ["from_lat", "from_lon", "to_lat", "to_lon", "distance_m"], extrasaction="ignore")
            out.writeheader()
            out.writerows(row for row in self.seen if row["vehicle"] == "")
        return pairs


if __name__ == "__main__":
    unittest.main()
