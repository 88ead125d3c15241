"""`reckon assign` as a program: exit codes, files, faults."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

RECKON = os.environ["RECKON"]
BUILD = pathlib.Path(os.environ.get("RECKON_BUILD_DIR", "build/release")).resolve()

PROBLEM = {
    "vehicles": [{"id": 1, "start_index": 0, "end_index": 0, "capacity": [2]}],
    "shipments": [
        {"pickup": {"id": 1, "location_index": 1}, "delivery": {"id": 1, "location_index": 2}, "amount": [1]},
        {"pickup": {"id": 2, "location_index": 2}, "delivery": {"id": 2, "location_index": 1}, "amount": [3]},
    ],
    "matrices": {"car": {"durations": [[0, 10, 20], [10, 0, 10], [20, 10, 0]]}},
}


def run(*words, stdin=None):
    return subprocess.run([RECKON, *words], input=stdin, capture_output=True, text=True, timeout=60, check=False)


class Assign(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dir = pathlib.Path(self.folder.name)
        self.problem = self.dir / "problem.json"
        self.problem.write_text(json.dumps(PROBLEM))

    def test_a_problem_becomes_a_plan_file(self):
        out = self.dir / "plan.json"
        done = run("assign", str(self.problem), "--out", str(out), "--time-limit-ms", "20", "--seed", "3")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        plan = json.loads(out.read_text())
        self.assertEqual(plan["code"], 0)
        self.assertEqual(plan["summary"]["cost"], 40)
        self.assertEqual([step["type"] for step in plan["routes"][0]["steps"]], ["start", "pickup", "delivery", "end"])
        self.assertEqual([(t["id"], t["type"], t["reckon"]["reason"]) for t in plan["unassigned"]],
                         [(2, "pickup", "too_heavy"), (2, "delivery", "too_heavy")])

    def test_a_problem_may_come_from_stdin(self):
        done = run("assign", "-", "--time-limit-ms", "0", stdin=json.dumps(PROBLEM))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json.loads(done.stdout)["summary"]["routes"], 1)

    def test_lateness_costs_and_balance_spreads(self):
        jobs = [{"id": i, "location_index": 1, "service": 600, "reckon": {"late_after": 100, "late_per_hour": 60}} for i in (1, 2)]
        two = {"vehicles": [{"id": 1, "start_index": 0}, {"id": 2, "start_index": 0}], "jobs": jobs, "matrix": [[0, 100], [100, 0]]}
        for balance, routes, late, cost in (({}, 1, 600, 110), ({"balance": {"tasks": 100}}, 2, 0, 400)):
            done = run("assign", "-", "--time-limit-ms", "20", stdin=json.dumps({**two, "reckon": balance}))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            summary = json.loads(done.stdout)["summary"]
            self.assertEqual((summary["routes"], summary["reckon"]["late"], summary["cost"]), (routes, late, cost))
        done = run("assign", "-", stdin=json.dumps({**two, "reckon": {"balance": {}}}))
        self.assertEqual(done.returncode, 2)
        self.assertIn("#/reckon/balance: says nothing; allowed: tasks, hours or both", done.stderr)

    def test_faults_are_located_and_nothing_is_written(self):
        self.problem.write_text(json.dumps({**PROBLEM, "trucks": []}))
        out = self.dir / "plan.json"
        done = run("assign", str(self.problem), "--out", str(out))
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"reckon: error: {self.problem}#/trucks: is not known here; allowed:", done.stderr)
        self.assertFalse(out.exists())

    def test_a_missing_file_is_the_environment_s_fault(self):
        done = run("assign", str(self.dir / "none.json"))
        self.assertEqual(done.returncode, 3)
        self.assertIn("none.json", done.stderr)

    def test_options_are_checked(self):
        done = run("assign", str(self.problem), "--time-limit-ms", "-1")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--time-limit-ms", done.stderr)

    def test_coordinates_without_a_map_are_told(self):
        self.problem.write_text(json.dumps({
            "vehicles": [{"id": 1, "start": [127.0, 37.5]}], "jobs": [{"id": 1, "location": [127.01, 37.5]}]}))
        done = run("assign", str(self.problem))
        self.assertEqual(done.returncode, 2)
        self.assertIn("#/matrices", done.stderr)

    def test_a_map_gives_the_times_and_a_place_off_it_is_told(self):
        city, extract = self.dir / "city.rmap", self.dir / "city.osm.pbf"
        subprocess.run([BUILD / "reckon_sample_city", "--out", extract], check=True)
        self.assertEqual(run("map", "build", str(extract), "--out", str(city), "--vehicles", "motorcycle").returncode, 0)
        here, there, sea = [125.615, 36.915], [125.635, 36.935], [129.0, 36.0]
        self.problem.write_text(json.dumps({
            "vehicles": [{"id": 1, "profile": "motorcycle", "start": here}],
            "jobs": [{"id": 1, "location": there}, {"id": 2, "location": sea}]}))
        done = run("assign", str(self.problem), "--map", str(city), "--time-limit-ms", "10")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        plan = json.loads(done.stdout)
        asked = run("route", "--map", str(city), "--vehicle", "motorcycle", "--from", f"{here[1]},{here[0]}",
                    "--to", f"{there[1]},{there[0]}", "--json")
        route = json.loads(asked.stdout)
        self.assertEqual(plan["summary"]["distance"], route["distance_m"])
        self.assertLessEqual(abs(plan["summary"]["duration"] - route["duration_s"]), 1)
        self.assertEqual([(t["id"], t["reckon"]["reason"]) for t in plan["unassigned"]], [(2, "off_map")])
        self.problem.write_text(self.problem.read_text().replace("motorcycle", "truck"))
        done = run("assign", str(self.problem), "--map", str(city))
        self.assertEqual(done.returncode, 2)
        self.assertIn("#/vehicles/0/profile: 'truck' is not served by this map; allowed: motorcycle", done.stderr)


if __name__ == "__main__":
    unittest.main()
