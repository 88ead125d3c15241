"""`reckon ledger list`: a clerk finds the quote that is to be explained."""

import csv
import json
import pathlib
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from program import SOURCE, run  # noqa: E402


class List(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.ledger = f"sqlite:{self.folder}/reckon.db"
        tariffs = [str(SOURCE / "data/tariffs" / name) for name in ("t1-seoul-500m.json", "t2-province-100m.json")]
        for name, tariff in (("straight", tariffs[0]), ("road", tariffs[1])):
            (self.folder / f"{name}.json").write_text(json.dumps({"tariffs": [tariff], "ledger": "sqlite:reckon.db"}))
        self.quotes = []
        for config, shops in (("straight", ["s-1", "s-2", "s-1"]), ("road", ["s-1"])):
            path, out = self.folder / "trips.csv", self.folder / "q.csv"
            with open(path, "w", newline="", encoding="utf-8") as file:
                rows = csv.writer(file)
                rows.writerow(["from_lat", "from_lon", "to_lat", "to_lon", "context"])
                for i, shop in enumerate(shops):
                    rows.writerow([37.5, 127.0, 37.51 + 0.001 * i, 127.0, json.dumps({"shop": shop, "branch": "b-1"})])
            code, _, fault = run("quote", "--config", self.folder / f"{config}.json", "--trips", path, "--out", out)
            self.assertEqual(code, 0, fault)
            with open(out, newline="", encoding="utf-8") as file:
                self.quotes += list(csv.DictReader(file))

    def listed(self, *words):
        code, out, fault = run("ledger", "list", "--ledger", self.ledger, "--json", *words)
        self.assertEqual((code, fault), (0, ""))
        return json.loads(out)

    def ids(self, *words):
        return [one["quote_id"] for one in self.listed(*words)["quotes"]]

    def test_the_newest_stand_first_with_what_was_told(self):
        found = self.listed()
        expected = [quote["quote_id"] for quote in reversed(self.quotes)]
        self.assertEqual([one["quote_id"] for one in found["quotes"]], expected)
        self.assertEqual((found["more"], found["unreadable"]), (False, 0))
        first, told = self.quotes[0], found["quotes"][-1]
        self.assertEqual((str(told["fee"]), str(told["vat"]), told["currency"], str(told["distance_m"]), told["source"]),
                         tuple(first[key] for key in ("fee", "vat", "currency", "distance_m", "source")))
        self.assertEqual((told["shop"], told["branch"]), ("s-1", "b-1"))
        self.assertEqual((told["tariff"], told["tariff_version"]), ("t1-seoul-500m", 1))
        code, out, _ = run("ledger", "list", "--ledger", self.ledger)
        self.assertEqual(code, 0)
        self.assertIn("t1-seoul-500m version 1", out)

    def test_a_quote_is_found_by_shop_rung_tariff_and_time(self):
        ids = [quote["quote_id"] for quote in self.quotes]
        self.assertEqual(self.ids("--shop", "s-1"), [ids[3], ids[2], ids[0]])
        self.assertEqual(self.ids("--shop", "s-1", "--limit", "1"), [ids[3]])
        self.assertTrue(self.listed("--limit", "1")["more"])
        self.assertFalse(self.listed("--limit", "4")["more"])
        self.assertEqual(self.ids("--tariff", "t2-province-100m"), [ids[3]])
        self.assertEqual(self.ids("--branch", "b-2"), [])
        self.assertEqual(len(self.ids("--rung", "geodesic")), sum(quote["source"] == "geodesic" for quote in self.quotes))
        self.assertEqual(self.ids("--rung", "provider"), [])
        second = next(one["created_at"] for one in self.listed()["quotes"] if one["quote_id"] == ids[3])
        self.assertEqual(self.ids("--from", second), [ids[3]])
        self.assertEqual(self.ids("--to", second), [ids[2], ids[1], ids[0]])

    def test_what_is_listed_is_explained(self):
        code, out, _ = run("ledger", "list", "--ledger", self.ledger, "--shop", "s-2")
        self.assertEqual(code, 0)
        quote = out.splitlines()[1].split()[0]
        code, out, fault = run("explain", quote, "--ledger", self.ledger)
        self.assertEqual((code, fault), (0, ""))

    def test_fees_are_summed_by_currency(self):
        listed = self.listed("--shop", "s-1")
        fees = [int(quote["fee"]) for quote in self.quotes if json.loads(quote["context"])["shop"] == "s-1"]
        vats = [int(quote["vat"]) for quote in self.quotes if json.loads(quote["context"])["shop"] == "s-1" and quote["vat"]]
        self.assertEqual(listed["sums"], [{"currency": "KRW", "quotes": 3, "total": sum(fees), "vat": sum(vats)}])
        self.assertEqual(self.listed("--shop", "s-9")["sums"], [])
        out = run("ledger", "list", "--ledger", self.ledger, "--shop", "s-1")[1]
        self.assertEqual(out.splitlines()[-1], f"sum of 3 fees: {sum(fees):,} KRW without VAT, VAT {sum(vats):,} KRW")

    def test_a_provider_that_no_quote_knows_is_an_error_and_one_that_was_never_missed_is_not(self):
        code, out, fault = run("ledger", "list", "--ledger", self.ledger, "--missed", "kakao")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("--missed: 'kakao' is in no quote on record; providers on record: none", fault)
        path = self.folder / "provided.json"
        entry = {"kind": "osrm", "base_url": "http://127.0.0.1:1"}
        path.write_text(json.dumps({"tariffs": [str(SOURCE / "data/tariffs/t4-rider-2022.json")], "ledger": "sqlite:reckon.db",
                                    "providers": [{"name": "roads", **entry}, {"name": "wheels", "profile": "cycling", **entry}]}))
        self.assertEqual(run("quote", "--config", path, "--from", "37.5,127.0", "--to", "37.51,127.0")[0], 0)
        self.assertEqual(len(self.ids("--missed", "roads")), 1)
        self.assertEqual(self.ids("--missed", "wheels"), [])  # it serves no motorcycles, so that none missed it
        code, out, fault = run("ledger", "list", "--ledger", self.ledger, "--missed", "road")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("did you mean 'roads'? providers on record: roads, wheels", fault)

    def test_explain_without_a_ledger_says_what_to_pass(self):
        code, out, fault = run("explain", self.quotes[0]["quote_id"])
        self.assertEqual((code, out), (3, ""))
        self.assertIn("or the id of a recorded quote with --ledger URL, such as --ledger sqlite:reckon.db", fault)

    def test_bad_use_and_damage_are_told(self):
        code, _, fault = run("ledger", "list", "--ledger", self.ledger, "--from", "noon", "--to", "dusk", "--limit", "0")
        self.assertEqual((code, len(fault.splitlines())), (2, 3), fault)
        code, _, fault = run("ledger", "list", "--ledger", f"sqlite:{self.folder}/none.db")
        self.assertEqual(code, 3)
        with sqlite3.connect(self.folder / "reckon.db") as db:
            db.execute("UPDATE quotes SET quote = '{' WHERE seq = 1")
        code, out, fault = run("ledger", "list", "--ledger", self.ledger)
        self.assertEqual(code, 1)
        self.assertIn("3 quotes", out)
        self.assertIn("1 row that cannot be read", fault)


if __name__ == "__main__":
    unittest.main()
