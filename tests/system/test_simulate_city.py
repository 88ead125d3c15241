"""`reckon simulate city` and `simulate rappi` as programs: a day made up on the sample city, and played again from its tables."""

import csv
import json
import re
import unittest

from program import CityTest, run

EVALUATOR_FILES = [f"solution_info_{name}.txt" for name in ("assignments", "orders", "couriers")]


class SimulateCity(CityTest):
    vehicles = "motorcycle"

    def make(self, out, *words):
        code, text, errors = run("simulate", "city", "--map", self.map, "--out", self.folder / out, "--orders", 60, "--shops", 6, "--riders", 14,
                                 "--from", 11, "--to", 14, "--rounds", 50, "--json", *words)
        self.assertEqual((code, errors), (0, ""))
        return json.loads(text)["days"][0]

    def replay(self, out, *days):
        return run("simulate", "rappi", *(self.folder / day for day in days), "--map", self.map, "--out", self.folder / out, "--rounds", 50, "--json")

    def bytes_of(self, day, names):
        return {name: (self.folder / day / name).read_bytes() for name in names}

    def test_a_made_up_day_has_its_tables_and_is_played_whole(self):
        page = self.folder / "made.html"
        day = self.make("made", "--html", page)
        self.assertEqual((day["orders"], day["couriers"]), (60, 14))
        self.assertGreater(day["delivered"], 50)
        self.assertGreaterEqual(day["click_to_door"], day["bound"])
        self.assertIsNone(day["cost_per_order"])  # nobody told how cities pay
        with open(self.folder / "made/orders.csv", encoding="utf-8") as file:
            orders = list(csv.DictReader(file))
        self.assertEqual(len(orders), 60)
        self.assertLessEqual(len({(row["pick_up_lat"], row["pick_up_lng"]) for row in orders}), 6)
        for row in orders:
            self.assertTrue("11:00:00" <= row["placement_time"] < "14:00:00", row)
            self.assertLessEqual(row["placement_time"], row["ready_time"])
        text = page.read_text(encoding="utf-8")
        self.assertIn("<canvas", text)
        self.assertEqual(re.findall(r"(?:src|href)=", text), [])  # loads nothing

    def test_the_same_seed_makes_the_same_day_and_another_one_another(self):
        names = ["orders.csv", "couriers.csv", *EVALUATOR_FILES]
        self.make("one", "--seed", 7)
        self.make("two", "--seed", 7)
        self.make("other", "--seed", 8)
        self.assertEqual(self.bytes_of("one", names), self.bytes_of("two", names))
        self.assertNotEqual(self.bytes_of("one", names[:1]), self.bytes_of("other", names[:1]))

    def test_its_tables_play_the_same_day_again(self):
        made = self.make("first")
        code, text, errors = self.replay("again", "first")
        self.assertEqual((code, errors), (0, ""))
        again = json.loads(text)["days"][0]
        for key in ("orders", "couriers", "delivered"):
            self.assertEqual(again[key], made[key], key)
        # Tables have places to a hundredth of a metre, so rides may differ by a second here and there.
        self.assertAlmostEqual(again["click_to_door"], made["click_to_door"], delta=0.5)
        for name in ("summary.json", "riders.csv", *EVALUATOR_FILES):
            self.assertTrue((self.folder / "again" / name).exists(), name)

    def test_days_of_one_name_are_refused_before_anything_is_written(self):
        for town in ("east", "west"):
            self.make(f"{town}/monday")
        code, _, errors = self.replay("both", "east/monday", "west/monday")
        self.assertEqual(code, 2)
        self.assertIn("west/monday: has the name of ", errors)
        self.assertIn("allowed: folders of different names", errors)
        self.assertFalse((self.folder / "both").exists())
        code, _, errors = self.replay("both", "east/monday", "east/monday/")  # the same one, told in another way
        self.assertEqual(code, 2)
        self.make("west/tuesday")
        code, text, errors = self.replay("both", "east/monday", "west/tuesday")
        self.assertEqual((code, errors), (0, ""))
        self.assertEqual([day["instance"] for day in json.loads(text)["days"]], ["monday", "tuesday"])
        for day in ("monday", "tuesday"):
            self.assertTrue((self.folder / "both" / day / "summary.json").exists())

    def test_the_decision_log_of_a_day_played_before_goes(self):
        self.make("day", "--explain")
        log = self.folder / "day/decisions.jsonl"
        code, text, errors = run("dispatch", "replay", log, "--json")
        self.assertEqual((code, errors), (0, ""))
        self.assertGreater(json.loads(text)["decisions"], 50)
        self.make("day", "--seed", 2)
        self.assertFalse(log.exists(), "it would stand beside another day as if it were its own")

    def test_faults_are_told_with_what_is_allowed(self):
        out = self.folder / "never"
        for words, told in ((("--map", self.map, "--orders", 0), "--orders"),
                            (("--map", self.map, "--from", 14, "--to", 14), "--to"),
                            (("--map", self.map, "--vehicle", "car"), "'car' is not served by this map"),
                            ((), "--map")):
            code, _, errors = run("simulate", "city", "--out", out, *words)
            self.assertEqual(code, 2, words)
            self.assertIn(told, errors)
        code, _, errors = run("simulate", "city", "--map", self.folder / "absent.rmap", "--out", out)
        self.assertEqual(code, 3)
        self.assertIn("absent.rmap", errors)
        code, _, errors = self.replay("never", "absent")
        self.assertEqual(code, 3)
        self.assertIn("absent/orders.csv", errors)
        self.assertFalse(out.exists())


if __name__ == "__main__":
    unittest.main()
