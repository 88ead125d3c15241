"""The replay of `reckon simulate --html` in a real browser; skipped, aloud, where there is none."""

import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from program import run
from test_simulate import write_instance

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


def opened(page, folder, *words):
    """What the browser has made of the page, and what it complained of."""
    done = subprocess.run([BROWSER, "--headless", "--disable-gpu", "--no-first-run", f"--user-data-dir={folder}/profile", "--enable-logging=stderr",
                           "--virtual-time-budget=2000", "--window-size=1000,700", *(["--no-sandbox"] if os.geteuid() == 0 else []), *words, page],
                          capture_output=True, text=True, timeout=240, check=True)
    return done.stdout, done.stderr


class ReplayPage(unittest.TestCase):
    def setUp(self):
        if BROWSER is None:
            print("\nSKIPPED: no chromium or chrome here; Debian's package chromium makes this test run", file=sys.stderr)
            self.skipTest("no browser")
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        write_instance(self.dir / "town")
        code, text, errors = run("simulate", "mdrp", self.dir / "town", "--out", self.dir / "day", "--rounds", "50", "--json",
                                 "--html", self.dir / "day.html")
        self.assertEqual((code, errors), (0, ""))
        self.summary = json.loads(text)["days"][0]
        with open(self.dir / "day/solution_info_orders.txt", encoding="utf-8") as file:
            self.orders = list(csv.DictReader(file, delimiter=" "))

    def counts(self, dom):
        text = re.search(r'id="counts">([^<]*)<', dom)[1]
        found = re.match(r"(\d+) wait, (\d+) on board, (\d+) delivered(?:; click to door ([\d.]+) min)?$", text)
        self.assertIsNotNone(found, text)
        return int(found[1]), int(found[2]), int(found[3]), found[4] and float(found[4])

    def test_it_can_be_scrubbed_to_any_minute(self):
        page = (self.dir / "day.html").as_uri()
        for minute in (40, 75, 110):
            dom, complaints = opened(f"{page}#{minute // 60}:{minute % 60:02}", self.dir, "--dump-dom")
            self.assertNotIn("Uncaught", complaints)
            self.assertNotIn("Content Security Policy", complaints)
            self.assertIn(f'id="clock">{minute // 60:02}:{minute % 60:02}<', dom)
            placed = [{key: int(order[key]) for key in ("placement_time", "pickup_time", "dropoff_time")} for order in self.orders
                      if int(order["placement_time"]) <= minute]
            done = [order["dropoff_time"] - order["placement_time"] for order in placed if order["dropoff_time"] <= minute]
            waiting, on_board, delivered, mean = self.counts(dom)
            self.assertEqual(waiting, sum(minute < order["pickup_time"] for order in placed))
            self.assertEqual(on_board, sum(order["pickup_time"] <= minute < order["dropoff_time"] for order in placed))
            self.assertEqual(delivered, len(done))
            if done:
                self.assertAlmostEqual(mean, sum(done) / len(done), delta=0.05001)

    def test_the_last_minute_tells_the_summary(self):
        dom, _ = opened((self.dir / "day.html").as_uri() + "#99:00", self.dir, "--dump-dom")
        waiting, on_board, delivered, mean = self.counts(dom)
        self.assertEqual((waiting, on_board, delivered), (0, 0, self.summary["delivered"]))
        self.assertAlmostEqual(mean, self.summary["click_to_door"], delta=0.05001)

    def test_something_is_drawn(self):
        picture = self.dir / "day.png"
        opened((self.dir / "day.html").as_uri() + "#1:15", self.dir, f"--screenshot={picture}")
        blank = self.dir / "blank.png"
        (self.dir / "blank.html").write_text("<!doctype html><title>nothing</title>", encoding="utf-8")
        opened((self.dir / "blank.html").as_uri(), self.dir, f"--screenshot={blank}")
        # A picture with dots and lines packs worse than an empty one.
        self.assertGreater(picture.stat().st_size, 2 * blank.stat().st_size)


if __name__ == "__main__":
    unittest.main()
