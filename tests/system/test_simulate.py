"""`reckon simulate mdrp` and `reckon fairness` as programs, on a small day made up from a seed."""

import json
import pathlib
import random
import tempfile
import unittest

from program import run


def write_instance(folder):
    chance = random.Random(4)

    def place():
        return f"{chance.randrange(4000)}\t{chance.randrange(4000)}"

    rows = {
        "instance_parameters": ["meters_per_minute\tpickup service minutes\tdropoff service minutes\ttarget click-to-door\t"
                                "maximum click-to-door\tpay per order\tguaranteed pay per hour", "320\t4\t4\t40\t90\t10\t15"],
        "restaurants": ["restaurant\tx\ty"] + [f"r{i}\t{place()}" for i in range(1, 5)],
        "couriers": ["courier\tx\ty\ton_time\toff_time"] + [f"c{i}\t{place()}\t0\t240" for i in range(1, 9)],
        "orders": ["order\tx\ty\tplacement_time\trestaurant\tready_time"],
    }
    for i in range(1, 41):
        placed = chance.randrange(150)
        rows["orders"].append(f"o{i}\t{place()}\t{placed}\tr{chance.randrange(1, 5)}\t{placed + chance.randrange(5, 25)}")
    folder.mkdir()
    for name, lines in rows.items():
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")


class Simulate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.town = self.dir / "town"
        write_instance(self.town)

    def play(self, out, *words):
        code, text, errors = run("simulate", "mdrp", self.town, "--out", self.dir / out, "--rounds", "50", "--json", *words)
        self.assertEqual((code, errors), (0, ""))
        return json.loads(text)["days"][0]

    def test_a_day_its_replay_and_its_fairness(self):
        day = self.play("day", "--explain", "--html", self.dir / "day.html")
        self.assertEqual(day["delivered"], 40)
        page = (self.dir / "day.html").read_text()
        self.assertIn("<canvas", page)
        self.assertNotIn("http", page.replace("http-equiv", ""))
        log = self.dir / "day/decisions.jsonl"
        code, text, errors = run("dispatch", "replay", log, "--json")
        self.assertEqual((code, errors), (0, ""))
        replayed = json.loads(text)
        self.assertEqual((replayed["decisions"], replayed["differences"]), (40, []))
        lines = [line for line in log.read_text().splitlines() if '"candidates"' in line]
        code, text, errors = run("dispatch", "replay", log, "--decision", 17)
        self.assertEqual((code, errors, text.splitlines()[0]), (0, "", lines[16]))
        altered = self.dir / "altered.jsonl"
        altered.write_text(log.read_text().replace('"event":"placed","order":7', '"event":"placed","order":70', 1))
        code, _, errors = run("dispatch", "replay", altered)
        self.assertEqual(code, 1)
        self.assertIn("its seal is not that of", errors)
        code, _, errors = run("dispatch", "replay", log, "--decision", 41)
        self.assertEqual(code, 2)
        self.assertIn("allowed: 1 to 40", errors)
        code, text, errors = run("fairness", self.dir / "day/riders.csv", "--decisions", self.dir / "day/decisions.jsonl", "--json")
        self.assertEqual((code, errors), (0, ""))
        report = json.loads(text)
        self.assertEqual(report["riders"], 8)
        self.assertEqual(sum(rider["calls"] for rider in report["each"]), 40)
        self.assertGreater(sum(rider["considered"] for rider in report["each"]), 40)
        self.assertTrue(0 <= report["calls_per_hour"]["gini"] < 1)
        self.assertEqual(sum(rider["shown"] for rider in report["each"] if "shown" in rider), 40)
        self.assertGreater(report["visibility_delay_s"]["mean"], 0)

    def test_the_same_seed_gives_the_same_day(self):
        for words in ((), ("--set", "one_each=1"), ("--declines", "0.3", "--kitchen-sd", "5")):
            self.play("one", *words)
            self.play("two", *words)
            for name in ("assignments", "orders", "couriers"):
                file = f"solution_info_{name}.txt"
                self.assertEqual((self.dir / "one" / file).read_text(), (self.dir / "two" / file).read_text())

    def test_one_order_each_makes_no_bundles(self):
        self.assertEqual(self.play("day", "--set", "one_each=1")["orders_per_trip"], 1)

    def test_offers_by_rule(self):
        rules = self.dir / "offers.json"
        rules.write_text('{"rules":[{"branch":"r1","mode":"open"},{"mode":"timed","asks":2,"then":"forced"}]}')
        self.assertEqual(self.play("day", "--offers", rules, "--declines", "0.2")["delivered"], 40)

    def test_faults_are_told_with_their_place(self):
        rules = self.dir / "offers.json"
        rules.write_text('{"rules":[{"mode":"auction"}]}')
        code, _, errors = run("simulate", "mdrp", self.town, "--out", self.dir / "day", "--offers", rules)
        self.assertEqual(code, 2)
        self.assertIn("offers.json#/rules/0/mode", errors)
        table = self.dir / "riders.csv"
        table.write_text("id,rider\n1,a\n")
        code, _, errors = run("fairness", table)
        self.assertEqual(code, 2)
        self.assertIn("on_s", errors)
        self.assertEqual(run("fairness", self.dir / "absent.csv")[0], 3)


if __name__ == "__main__":
    unittest.main()
