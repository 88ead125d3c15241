"""`reckon simulate city` and `simulate rappi` as programs, on the sample city's map."""

import json
import unittest

from program import CityTest, run

ORDERS = 120


class SimulateCity(CityTest):
    vehicles = "motorcycle"

    def city(self, out, *words):
        code, text, errors = run("simulate", "city", "--map", self.map, "--out", self.folder / out, "--orders", ORDERS, "--riders", 25,
                                 "--shops", 12, "--from", 17, "--to", 21, "--rounds", 50, "--tick", "30s", "--json", *words)
        self.assertEqual((code, errors), (0, ""))
        return json.loads(text)["days"][0]

    def test_a_made_up_day_is_played_and_told_like_any_other(self):
        day = self.city("one", "--html", self.folder / "day.html", "--explain")
        self.assertEqual(day["orders"], ORDERS)
        self.assertGreaterEqual(day["delivered"], 0.95 * ORDERS)
        self.assertIsNone(day["cost_per_order"])
        self.assertGreaterEqual(day["click_to_door"], day["bound"])
        self.assertIn("<canvas", (self.folder / "day.html").read_text())
        code, _, errors = run("dispatch", "replay", self.folder / "one/decisions.jsonl")
        self.assertEqual((code, errors), (0, ""))
        self.assertEqual(run("fairness", self.folder / "one/riders.csv")[0], 0)

    def test_the_seed_decides(self):
        self.city("two")
        self.city("three")
        self.city("four", "--seed", "2")
        files = ("orders.csv", "couriers.csv", "riders.csv", "solution_info_orders.txt")
        two, three, four = ([(self.folder / out / name).read_text() for name in files] for out in ("two", "three", "four"))
        self.assertEqual(two, three)
        self.assertNotEqual(two[0], four[0])

    def test_tables_are_played_over_roads_or_straight_lines(self):
        made = self.city("five")
        words = ("--rounds", 50, "--tick", "30s", "--json")
        code, text, errors = run("simulate", "rappi", self.folder / "five", "--map", self.map, "--out", self.folder / "six", *words)
        self.assertEqual((code, errors), (0, ""))
        again = json.loads(text)["days"][0]
        self.assertEqual({key: again[key] for key in ("delivered", "bound", "click_to_door")},
                         {key: made[key] for key in ("delivered", "bound", "click_to_door")})
        code, text, errors = run("simulate", "rappi", self.folder / "five", "--out", self.folder / "seven", "--speed-kmh", 30, *words)
        self.assertEqual((code, errors), (0, ""))
        self.assertEqual(json.loads(text)["days"][0]["orders"], ORDERS)

    def test_faults_are_told_with_what_is_allowed(self):
        for words, where in ((("--vehicle", "balloon"), "--vehicle"), (("--vehicle", "foot"), "--vehicle"), (("--from", "20", "--to", "20"), "--to"),
                             (("--orders", "0"), "--orders"), (("--capacity", "9"), "--capacity")):
            code, _, errors = run("simulate", "city", "--map", self.map, "--out", self.folder / "bad", *words)
            self.assertEqual(code, 2, words)
            self.assertIn(f"reckon: error: {where}: ", errors)
            self.assertIn("allowed", errors)
        self.assertEqual(run("simulate", "city", "--map", self.folder / "absent", "--out", self.folder / "bad")[0], 3)
        self.assertEqual(run("simulate", "rappi", self.folder / "absent", "--out", self.folder / "bad")[0], 3)


if __name__ == "__main__":
    unittest.main()
