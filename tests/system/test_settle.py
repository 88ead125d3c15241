"""Settlement at a shell: deliveries in, days closed, statements out; a close that is killed in its middle."""

import csv
import datetime
import json
import os
import pathlib
import re
import resource
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from program import RECKON, SOURCE, run  # noqa: E402

try:
    import jsonschema
except ImportError:
    jsonschema = None

TERMS = SOURCE / "data/settlement/terms-example.json"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Shop(unittest.TestCase):
    """A ledger with quotes of real trips (no map: straight lines), books with terms."""

    quotes = 12

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.books = f"sqlite:{self.folder}/books.db"
        self.ledger = f"sqlite:{self.folder}/reckon.db"
        config = {"tariffs": [str(SOURCE / "data/tariffs/t1-seoul-500m.json")], "ledger": "sqlite:reckon.db"}
        (self.folder / "config.json").write_text(json.dumps(config))
        rows = [f"37.5,127.0,{37.51 + 0.0001 * (i % 300):.4f},127.0" for i in range(self.quotes)]
        (self.folder / "trips.csv").write_text("from_lat,from_lon,to_lat,to_lon\n" + "\n".join(rows) + "\n")
        self.done("quote", "--config", self.folder / "config.json", "--trips", self.folder / "trips.csv", "--out", self.folder / "q.csv")
        with open(self.folder / "q.csv", newline="", encoding="utf-8") as file:
            self.priced = list(csv.DictReader(file))
        self.at = datetime.datetime.now(datetime.timezone.utc).isoformat()
        self.done("settle", "terms", TERMS, "--books", self.books, "--by", "kim")

    def done(self, *words):
        code, out, fault = run(*words)
        self.assertEqual((code, fault if "priced" not in fault else ""), (0, ""), words)
        return out

    def settle(self, command, *words):
        return self.done("settle", command, *words, "--books", self.books)

    def deliveries(self, rows=None):
        path = self.folder / "delivered.csv"
        rows = rows or [(quote["quote_id"], f"s-{i % 3}", f"r-{i % 4}", f"b-{1 + i % 2}", self.at)
                        for i, quote in enumerate(self.priced)]
        path.write_text("quote_id,shop,rider,branch,delivered_at\n" + "".join(",".join(row) + "\n" for row in rows))
        return path

    def take_in(self):
        self.settle("import", self.deliveries(), "--ledger", self.ledger, "--new-party")
        return json.loads(self.settle("days", "--json"))["open"][0]["day"]


class Days(Shop):
    def test_a_day_from_deliveries_to_statements(self):
        self.settle("deposit", "--shop", "s-0", "--amount", 1_000_000, "--by", "kim", "--at", self.at, "--new-party")
        day = self.take_in()
        first = self.priced[0]
        self.settle("adjust", first["quote_id"], "--amount", 500, "--reason", "CHANGE_DISTANCE", "--by", "kim", "--note", "other gate")
        before = {who: json.loads(self.settle("statement", *who, "--open", "--json")) for who in (("--shop", "s-0"), ("--rider", "r-0"))}
        self.assertIn("(open)", self.settle("statement", "--shop", "s-0", "--open"))
        close = json.loads(self.settle("close", "--day", day, "--by", "kim", "--json"))
        self.assertEqual((close["documents"], close["sum"]), (14, 0))
        for who, told in before.items():  # what was told of the open day is what was posted
            self.assertTrue(all(line.pop("open") for line in told["lines"]))
            after = json.loads(self.settle("statement", *who, "--json"))
            self.assertEqual((told.pop("open_days"), after.pop("open_days")), ([day], []))
            self.assertFalse(any(line.pop("open") for line in after["lines"]))
            self.assertEqual(told, after)
        self.assertEqual(close["holds"], 8)  # s-1 and s-2 have no deposit: held, not refused
        mine = [quote for i, quote in enumerate(self.priced) if i % 3 == 0]
        owed = sum(int(quote["fee"]) + int(quote["vat"]) for quote in mine) + 550
        statement = json.loads(self.settle("statement", "--shop", "s-0", "--json"))
        self.assertEqual(statement["closing"], 1_000_000 - owed)
        self.assertEqual(sum(line["amount"] for line in statement["lines"]), statement["closing"] - statement["opening"])
        self.assertIn(("ADJUSTMENT", "CHANGE_DISTANCE"), [(line["entry"], line["reason"]) for line in statement["lines"]])
        self.assertIn("0 differences", self.settle("verify"))
        text = self.settle("statement", "--rider", "r-0")
        self.assertIn("WITHHOLDING", text)
        self.assertIn("insurance:accident", text)

    def test_exports_in_both_forms_say_the_same_and_sum_to_zero(self):
        self.settle("deposit", "--shop", "s-0", "--amount", 20_000, "--by", "kim", "--at", self.at, "--new-party")
        day = self.take_in()
        self.settle("close", "--day", day, "--by", "kim")
        out = self.folder / "out"
        self.settle("export", "--out", out)
        for one in ("shops/s-0", "riders/r-3", "branches/b-1", "others/head_office", "summary"):
            with self.subTest(one=one):
                with open(out / f"{one}.csv", newline="", encoding="utf-8") as file:
                    rows = list(csv.reader(file))
                self.assertEqual(cells(out / f"{one}.xlsx"), rows)
        with open(out / "summary.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(sum(int(row["closing"]) for row in rows), 0)
        self.assertGreater(len(rows), 12)

    def test_a_reopened_day_is_on_record_and_closes_otherwise(self):
        day = self.take_in()
        before = json.loads(self.settle("close", "--day", day, "--by", "kim", "--json"))
        code, _, fault = run("settle", "import", self.deliveries(), "--books", self.books, "--ledger", self.ledger)
        self.assertEqual((code, fault), (0, ""))  # all there already
        code, _, fault = run("settle", "deposit", "--shop", "s-0", "--amount", 5, "--by", "kim", "--at", self.at, "--books", self.books)
        self.assertEqual(code, 2)
        self.assertIn("which is closed", fault)
        self.assertIn(f"reckon settle reopen --day {day}", fault)
        self.settle("reopen", "--day", day, "--by", "lee", "--reason", "deposit came late")
        self.settle("deposit", "--shop", "s-0", "--amount", 500_000, "--by", "kim", "--at", self.at)
        after = json.loads(self.settle("close", "--day", day, "--by", "lee", "--json"))
        self.assertNotEqual(after["balances_hash"], before["balances_hash"])
        self.assertIn("opened again at", self.settle("days"))
        self.assertIn("lee: deposit came late", self.settle("days"))
        self.assertIn("2 closes posted again, 0 differences", self.settle("verify"))

    def test_faults_of_an_import_are_told_with_their_lines_and_nothing_is_recorded(self):
        day = self.take_in()
        self.settle("close", "--day", day, "--by", "kim")
        self.settle("reopen", "--day", day, "--by", "kim", "--reason", "more came")
        first, second = self.priced[0]["quote_id"], self.priced[1]["quote_id"]
        rows = [(first, "s-0", "r-0", "b-1", self.at),          # there already
                ("no-such-quote", "s-0", "r-0", "b-1", self.at),  # the ledger tells it
                (first, "s-0", "r 0", "b-1", self.at),          # the reader
                (second, "s-1", "r-1", "b-1", self.at)]         # the books: another branch than recorded
        path = self.deliveries(rows)
        code, _, fault = run("settle", "import", path, "--books", self.books, "--ledger", self.ledger)
        self.assertEqual(code, 2)
        told = fault.splitlines()
        self.assertEqual(len(told), 3, fault)
        self.assertIn(f"{path}:3: quote no-such-quote is not in the ledger", told[0])
        self.assertIn(f"{path}:4: rider 'r 0' is no name", told[1])
        self.assertIn(f"{path}:5: quote {second} is recorded already, otherwise", told[2])
        self.assertEqual(json.loads(self.settle("days", "--json"))["open"], [{"day": day, "documents": 12}])

    def test_a_party_that_is_new_is_refused_unless_it_is_said(self):
        path = self.deliveries()
        code, _, fault = run("settle", "import", path, "--books", self.books, "--ledger", self.ledger)
        self.assertEqual((code, len(fault.splitlines())), (2, 9), fault)  # 3 shops, 4 riders, 2 branches, each once
        self.assertIn(f"{path}:2: shop 's-0' is new to these books", fault)
        self.assertEqual(json.loads(self.settle("days", "--json"))["open"], [])
        self.assertIn("new: shop s-0", self.settle("import", path, "--ledger", self.ledger, "--new-party"))
        code, _, fault = run("settle", "pay", "--rider", "r-00", "--amount", 5, "--by", "kim", "--books", self.books)
        self.assertEqual(code, 2)
        self.assertIn("rider 'r-00' is new to these books (near: r-0", fault)

    def test_a_payment_typed_wrongly_is_taken_back(self):
        self.take_in()
        paid = self.settle("pay", "--rider", "r-0", "--amount", 50_000, "--by", "kim")
        number = re.match(r"document (\d+): 50,000 KRW paid out to rider r-0", paid)[1]
        back = self.settle("reverse", number, "--reason", "a nought too many", "--by", "kim")
        self.assertIn(f"takes back PAYMENT {number} of 50,000 KRW, rider r-0", back)
        text = self.settle("statement", "--rider", "r-0", "--open")
        self.assertIn(f"document {number}", text)
        self.assertIn(f"PAYMENT {number}  a nought too many", text)
        code, _, fault = run("settle", "reverse", number, "--reason", "again", "--by", "kim", "--books", self.books)
        self.assertEqual(code, 2)
        self.assertIn("taken back already", fault)

    def test_a_mistyped_path_makes_no_books(self):
        for words in (("deposit", "--shop", "s", "--amount", "5", "--by", "kim"), ("close", "--day", "2026-03-01", "--by", "kim"), ("verify",), ("days",)):
            code, _, fault = run("settle", *words, "--books", f"sqlite:{self.folder}/boks.db")
            self.assertEqual(code, 3, words)
            self.assertIn("there are no settlement books", fault)
        self.assertFalse((self.folder / "boks.db").exists())

    def test_what_is_done_is_told_where_stdout_is_closed(self):
        self.take_in()
        for words in (("pay", "--rider", "r-0", "--amount", "5", "--by", "kim"), ("close", "--day", json.loads(self.settle("days", "--json"))["open"][0]["day"], "--by", "kim")):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([RECKON, "settle", *words, "--books", self.books], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual(done.returncode, 3)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn("it is done, do not repeat it: ", done.stderr)
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([RECKON, "settle", "statement", "--shop", "s-0", "--books", self.books], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (3, "reckon: error: stdout: cannot be written; the result is not whole\n"))
        self.assertIn("1 closes posted again, 0 differences", self.settle("verify"))

    def test_today_closed_is_told_with_what_follows(self):
        day = self.take_in()
        paid = re.match(r"document (\d+):", self.settle("pay", "--rider", "r-0", "--amount", 5, "--by", "kim"))[1]
        closed = self.settle("close", "--day", day, "--by", "kim")
        self.assertIn("this is today", closed)
        self.assertRegex(closed, r"on hold: s-0 \(4 charges, [\d,]+ KRW\), s-1 \(4 charges, [\d,]+ KRW\), s-2 \(4 charges, ")
        quote = self.priced[0]["quote_id"]
        for words, where in ((("pay", "--rider", "r-0", "--amount", "5"), "--at: belongs to"), (("reverse", paid, "--reason", "x"), f"document {paid}: its reversal belongs to"),
                             (("adjust", quote, "--amount", "5", "--reason", "ETC"), f"{quote}: its adjustment belongs to")):
            code, _, fault = run("settle", *words, "--by", "kim", "--books", self.books)
            self.assertEqual(code, 2)
            self.assertIn(f"{where} {day}, which is closed (today); record it when ", fault)
            self.assertIn(f"settle reopen --day {day}", fault)
            self.assertNotIn("'--at'", fault)  # every later instant is refused, too

    def test_days_that_are_not_closed_are_told(self):
        day = self.take_in()
        self.settle("close", "--day", day, "--by", "kim")
        self.settle("reopen", "--day", day, "--by", "kim", "--reason", "to see")
        span = ("--from", day, "--to", day)
        self.assertIn(f"not closed: {day} (12 documents); left out", self.settle("statement", "--shop", "s-0", *span))
        self.assertEqual(json.loads(self.settle("statement", "--shop", "s-0", *span, "--json"))["open_days"], [day])
        self.assertIn(f"not closed: {day} (12 documents); left out", self.settle("export", "--out", self.folder / "out", *span))

    def test_an_export_does_not_mix_with_another(self):
        day = self.take_in()
        self.settle("close", "--day", day, "--by", "kim")
        out = self.folder / "out"
        self.settle("export", "--out", out)
        before = (out / "shops/s-0.csv").read_bytes()
        strange = ("shops/elsewhere.csv", "shops/notes.txt", "riders/plan.xlsx", "figures.csv")
        for one in strange:
            (out / one).write_text("mine")
        code, told, fault = run("settle", "export", "--out", out, "--books", self.books)
        self.assertEqual((code, told), (2, ""))
        self.assertRegex(fault, r"out: holds \d+ files of another export, such as .*; another folder is needed, or '--replace'")
        self.settle("export", "--out", out, "--replace")
        self.assertEqual((out / "shops/s-0.csv").read_bytes(), before)
        self.assertEqual([(out / one).read_text() for one in strange], ["mine"] * len(strange))

    def other_books(self, *shops):
        """Books of their own with a closed day of these shops."""
        books = f"sqlite:{self.folder}/other.db"
        self.done("settle", "terms", TERMS, "--books", books, "--by", "kim")
        rows = [(quote["quote_id"], shop, "r-0", "b-1", self.at) for quote, shop in zip(self.priced, shops)]
        self.done("settle", "import", self.deliveries(rows), "--ledger", self.ledger, "--new-party", "--books", books)
        self.done("settle", "close", "--day", json.loads(self.done("settle", "days", "--json", "--books", books))["open"][0]["day"], "--by", "kim", "--books", books)
        return books

    def test_what_an_earlier_export_alone_had_is_removed(self):
        out = self.folder / "out"
        self.done("settle", "export", "--out", out, "--books", self.other_books("s-0", "gone", "summary"))
        stale = [out / f"shops/{shop}.{ending}" for shop in ("gone", "summary") for ending in ("csv", "xlsx")]
        self.assertTrue(all(path.exists() for path in stale))
        self.settle("close", "--day", self.take_in(), "--by", "kim")
        self.settle("export", "--out", out, "--replace")
        self.assertFalse(any(path.exists() for path in stale))
        there = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
        fresh = self.folder / "fresh"
        self.settle("export", "--out", fresh)
        self.assertEqual(there, {str(path.relative_to(fresh)) for path in fresh.rglob("*") if path.is_file()})

    def test_what_is_no_statement_of_an_export_is_never_replaced(self):
        out, books = self.folder / "out", self.other_books("s-0")
        self.done("settle", "export", "--out", out, "--books", books)
        self.settle("close", "--day", self.take_in(), "--by", "kim")
        (out / "shops/s-1.csv").write_text("mine")
        before = (out / "summary.csv").read_bytes()
        code, _, fault = run("settle", "export", "--out", out, "--replace", "--books", self.books)
        self.assertEqual(code, 2)
        self.assertIn("shops/s-1.csv: is not of the earlier export, and a statement would replace it; move it away", fault)
        self.assertEqual(((out / "shops/s-1.csv").read_text(), (out / "summary.csv").read_bytes()), ("mine", before))
        for text in ("month,sales\n1,2\n", before.decode().replace("shop:s-0", "shop:../../s-0"), ""):
            (out / "summary.csv").write_text(text)
            code, _, fault = run("settle", "export", "--out", out, "--replace", "--books", self.books)
            self.assertEqual(code, 2)
            self.assertIn("summary.csv: is no summary of an export", fault)
            self.assertEqual((out / "summary.csv").read_text(), text)

    def test_an_export_that_came_to_no_end_has_no_summary_and_may_be_done_again(self):
        self.settle("close", "--day", self.take_in(), "--by", "kim")
        out, whole = self.folder / "out", self.folder / "whole"
        for folder in (out, whole):
            self.settle("export", "--out", folder)
        (out / "shops/s-1.csv").unlink()
        (out / "shops/s-1.csv/in-the-way").mkdir(parents=True)  # in the middle of the accounts
        code, _, fault = run("settle", "export", "--out", out, "--replace", "--books", self.books)
        self.assertEqual(code, 3, fault)
        self.assertTrue((out / "shops/s-0.csv").exists())
        self.assertEqual(list(out.glob("summary*")), [])
        shutil.rmtree(out / "shops/s-1.csv")
        self.settle("export", "--out", out)
        for path in (path for path in whole.rglob("*") if path.is_file()):
            self.assertEqual((out / path.relative_to(whole)).read_bytes(), path.read_bytes(), path)

    def test_days_that_are_not_over_are_told(self):
        day = self.take_in()
        self.settle("close", "--day", day, "--by", "kim")
        span = ("--from", day, "--to", "2100-01-01")
        self.assertIn(f"not over yet: {day} to 2100-01-01\n", self.settle("statement", "--shop", "s-0", *span))
        self.assertEqual(json.loads(self.settle("statement", "--shop", "s-0", *span, "--json"))["not_over_from"], day)
        self.assertIn(f"not over yet: {day} to 2100-01-01\n", self.settle("export", "--out", self.folder / "out", *span))
        past = ("--from", "2020-01-01", "--to", "2020-01-02")
        self.assertNotIn("not over yet", self.settle("statement", "--shop", "s-0", *past))
        self.assertIsNone(json.loads(self.settle("statement", "--shop", "s-0", *past, "--json"))["not_over_from"])

    def test_an_adjustment_tells_who_gets_the_change(self):
        self.take_in()
        told = self.settle("adjust", self.priced[0]["quote_id"], "--amount", "500", "--reason", "ETC", "--by", "kim")
        shares = [int(one) for one in re.search(r"rider r-0 ([+-]\d+), branch b-1 ([+-]\d+), head office ([+-]\d+)\n", told).groups()]
        self.assertEqual(sum(shares), 500)
        self.assertGreater(shares[0], shares[1])

    def test_a_changed_quote_is_a_fault_and_nothing_is_recorded(self):
        with sqlite3.connect(self.folder / "reckon.db") as ledger:
            ledger.execute("UPDATE quotes SET quote = replace(quote, '\"vat\":', '\"vat\":1') WHERE quote_id = ?", (self.priced[4]["quote_id"],))
        path = self.deliveries()
        code, _, fault = run("settle", "import", path, "--ledger", self.ledger, "--new-party", "--books", self.books)
        self.assertEqual((code, len(fault.splitlines())), (2, 1), fault)
        self.assertIn(f"{path}:6: quote {self.priced[4]['quote_id']} was changed in the ledger", fault)
        self.assertEqual(json.loads(self.settle("days", "--json"))["open"], [])

    def test_an_account_that_nobody_knows_is_told_with_those_there_are(self):
        day = self.take_in()
        self.settle("close", "--day", day, "--by", "kim")
        code, _, fault = run("settle", "statement", "--rider", "r-77", "--books", self.books)
        self.assertEqual(code, 2)
        self.assertIn("is no account of these books; there are rider:r-0, rider:r-1", fault)

    def test_bad_use_is_told(self):
        for words, says in (("close --day 2026-02-30 --by kim", "is no day"), ("close --day 2100-01-01 --by kim", "has not begun"),
                            ("pay --amount 5 --by kim", "names 0 holders"), ("reverse seven --reason x --by kim", "is no document"),
                            ("reverse 7 --reason x --by kim", "is not in these books"), ("deposit --shop=-s --amount 5 --by kim", "is no name"),
                            ("deposit --shop s --amount 5 --by kim --note =1+1", "takes for a formula"), ("statement --shop s --rider r", "names 2 accounts"),
                            ("statement --shop s", "no closed day"), ("adjust Q --amount 5 --reason ETC --by kim", "no recorded delivery"),
                            ("deposit --shop s/1 --amount 5 --by kim", "is no name"), ("deposit --shop s --amount 0 --by kim", "from 1 to"),
                            ("deposit --shop s --amount 12,000 --by kim", "'12,000' is no whole number; allowed: digits alone, such as 12000"),
                            ("deposit --shop s --amount 5000.5 --by kim", "'5000.5' is no whole number"),
                            ("deposit --shop s --amount 5 --by kim --at 2100-01-01T00:00:00Z", "later than now")):
            with self.subTest(words=words):
                code, _, fault = run("settle", *words.split(), "--books", self.books)
                self.assertEqual(code, 2)
                self.assertIn(says, fault)


class Documented(unittest.TestCase):
    """The commands of docs/settlement.md, as they stand there, and what they tell."""

    ORDINALS = ("first quote", "second quote", "third quote")

    def setUp(self):
        seoul = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=9)))
        if (seoul + datetime.timedelta(minutes=2)).date() != seoul.date():
            self.skipTest("a day ends in Seoul just now: the example is of one day")
        self.day = seoul.date().isoformat()
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "data").symlink_to(SOURCE / "data")
        text = (SOURCE / "docs/settlement.md").read_text()
        self.commands = [line.strip() for line in text.split("\n## ")[0].splitlines() if line.startswith("    reckon settle ")]
        example = text.split("## Worked example")[1].split("## ")[0]
        self.statement = [line[4:] for line in example.splitlines() if line.startswith("    ")]
        self.balances = dict(re.findall(r"(branch|cash|head office|hold|income tax|accident|employment|local tax|programme|rider|shop|VAT) (-?\d(?:[\d,]*\d)?)",
                                        example.split("All balances:")[1]))

    def reckon(self, *words):
        done = subprocess.run([pathlib.Path(RECKON).resolve(), *map(str, words)], cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        return done.stdout

    def quotes(self):
        """Three quotes of 4,000, 5,000 and 6,000 won."""
        tariff = {"id": "example", "version": 1, "status": "approved", "currency": "KRW", "time_zone": "Asia/Seoul", "valid_from": "2020-01-01T00:00:00+09:00",
                  "distance": {"basis": "straight"}, "base": {"price": 4000, "up_to_m": 1000}, "steps": [{"beyond_m": 1000, "length_m": 1000, "price": 1000}],
                  "vat": {"rate_ppm": 100000, "rounding": "down"}}
        (self.folder / "tariff.json").write_text(json.dumps(tariff))
        (self.folder / "config.json").write_text(json.dumps({"tariffs": ["tariff.json"], "ledger": "sqlite:reckon.db"}))
        (self.folder / "trips.csv").write_text("from_lat,from_lon,to_lat,to_lon\n" + "".join(f"37.5,127.0,37.5{lat},127.0\n" for lat in ("05", "15", "25")))
        self.reckon("quote", "--config", "config.json", "--trips", "trips.csv", "--out", "quotes.csv")
        with open(self.folder / "quotes.csv", newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def deliver(self, quotes):
        now = datetime.datetime.now(datetime.timezone.utc)
        rows = [f"{quote['quote_id']},s-1,r-1,b-1,{(now + datetime.timedelta(microseconds=i)).isoformat()}" for i, quote in enumerate(quotes)]
        (self.folder / "delivered.csv").write_text("\n".join(["quote_id,shop,rider,branch,delivered_at", *rows]) + "\n")

    def test_the_commands_give_the_statement_and_the_balances(self):
        quotes = self.quotes()
        self.assertEqual([quote["fee"] for quote in quotes], ["4000", "5000", "6000"])
        told = {}
        for command in self.commands:
            words = shlex.split(command.replace("2026-11-27", self.day).replace("2026-11-01", self.day).replace("2026-11-30", self.day))[1:]
            if words[1] == "import":
                self.deliver(quotes)
            told[words[1]] = self.reckon(*(quotes[0]["quote_id"] if word == "QUOTE" else word for word in words))
        self.assertEqual(list(told), ["terms", "deposit", "import", "adjust", "close", "statement", "export"])
        statement = told["statement"].replace(self.day, "2026-11-27")
        for quote, ordinal in zip(quotes, self.ORDINALS):
            statement = statement.replace(f"{quote['quote_id']:<28}", f"{ordinal:<28}")
        self.assertEqual([line.rstrip() for line in statement.splitlines()], self.statement)
        with open(self.folder / "november/summary.csv", newline="", encoding="utf-8") as file:
            closing = {row["account"]: f"{int(row['closing']):,}" for row in csv.DictReader(file)}
        names = {"head_office": "head office", "income_tax": "income tax", "local_tax": "local tax", "vat": "VAT"}
        self.assertEqual({names.get(one, one): amount for account, amount in closing.items()
                          for one in [account.split(":")[-1 if account.startswith("insurance:") else 0]]}, self.balances)


class RiderPay(Shop):
    """A tariff whose pay of the rider stands on its own."""

    quotes = 1

    def setUp(self):
        super().setUp()
        config = {"tariffs": [str(SOURCE / "data/tariffs/v8-rider-pay.json")], "ledger": "sqlite:reckon.db"}
        (self.folder / "config.json").write_text(json.dumps(config))
        self.done("quote", "--config", self.folder / "config.json", "--trips", self.folder / "trips.csv", "--out", self.folder / "q.csv")
        with open(self.folder / "q.csv", newline="", encoding="utf-8") as file:
            self.priced = list(csv.DictReader(file))
        self.at = datetime.datetime.now(datetime.timezone.utc).isoformat()

    def test_a_riders_part_of_many_times_the_change_is_remarked_and_recorded(self):
        self.take_in()
        words = ("settle", "adjust", self.priced[0]["quote_id"], "--reason", "ETC", "--by", "kim", "--books", self.books)
        code, out, fault = run(*words, "--amount", "500", "--rider-amount", "400")
        self.assertEqual((code, fault), (0, ""))
        self.assertIn("rider r-0 +400, branch b-1 +", out)
        code, out, fault = run(*words, "--amount", "500", "--rider-amount", "5001")
        self.assertEqual(code, 0)
        self.assertIn("rider r-0 +5001, branch b-1 -", out)
        self.assertIn("--rider-amount: 5,001 KRW is more than 10 times the fee's change of 500 KRW; where that was not meant, "
                      "take both back: --amount -500 --rider-amount -5001", fault)


class Schema(unittest.TestCase):
    """data/settlement-terms.schema.json against what the reader takes and refuses (tests/ledger/settlement_terms_test.cc)."""

    def setUp(self):
        if jsonschema is None:
            self.skipTest("python3-jsonschema is not installed: the schema is not tried")
        schema = json.loads((SOURCE / "data/settlement-terms.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        self.validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())

    def test_every_shipped_file_of_terms_is_valid(self):
        files = sorted((SOURCE / "data/settlement").glob("*.json"))
        self.assertTrue(files)
        for path in files:
            self.assertEqual([fault.message for fault in self.validator.iter_errors(json.loads(path.read_text()))], [], path)

    def test_every_crafted_fault_is_invalid_unless_no_schema_can_tell(self):
        crafted = json.loads((SOURCE / "tests/ledger/terms_faults.json").read_text())
        sound = json.dumps(crafted["base"], separators=(",", ":"))
        self.assertTrue(self.validator.is_valid(json.loads(sound)))
        for row in crafted["faults"]:
            with self.subTest(other=row["other"]):
                faulty = json.loads(sound.replace(row["part"], row["other"], 1))
                self.assertEqual(self.validator.is_valid(faulty), "beyond_schema" in row)


class FullDisk(Shop):
    quotes = 2_000

    def test_a_workbook_that_cannot_be_written_whole_is_told_and_leaves_nothing(self):
        rows = [(quote["quote_id"], "s-0", "r-0", "b-1", self.at) for quote in self.priced]
        self.settle("import", self.deliveries(rows), "--ledger", self.ledger, "--new-party")
        day = json.loads(self.settle("days", "--json"))["open"][0]["day"]
        self.settle("close", "--day", day, "--by", "kim")
        whole, cut = self.folder / "whole", self.folder / "cut"
        self.settle("export", "--out", whole)
        sheet = zipfile.ZipFile(whole / "shops/s-0.xlsx").getinfo("xl/worksheets/sheet1.xml").file_size
        room = (whole / "shops/s-0.csv").stat().st_size + 100_000  # the CSV fits, the sheet before it is packed does not
        self.assertGreater(sheet, room)
        done = subprocess.run([RECKON, "settle", "export", "--out", cut, "--books", self.books], capture_output=True, text=True, check=False,
                              restore_signals=False,  # Python ignores SIGXFSZ, so a file at its limit is an error of write
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)))
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("cannot be written whole: its part xl/worksheets/sheet1.xml is cut short", done.stderr)
        self.assertEqual(list(cut.glob("*/*.passing")), [])
        for path in cut.rglob("*.xlsx"):
            self.assertIsNone(zipfile.ZipFile(path).testzip())


class Killed(Shop):
    quotes = 20_000

    def test_a_close_killed_in_its_middle_left_the_day_open_and_closes_the_same_later(self):
        day = self.take_in()
        whole = self.copy("whole")
        began = time.monotonic()
        expected = self.close(whole, day)
        took = time.monotonic() - began
        in_the_middle = 0
        for i in range(8):
            books = self.copy(f"killed-{i}")
            process = subprocess.Popen([RECKON, "settle", "close", "--books", f"sqlite:{books}", "--day", day, "--by", "kim"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if i % 2 == 0:  # when it has written so much of what is not committed yet
                self.await_wal(process, books, 1_000_000 * (i + 1))
            else:
                time.sleep(took * i / 8)
            written = wal_size(books)
            process.send_signal(signal.SIGKILL)
            killed = process.wait(timeout=60) == -signal.SIGKILL
            days = json.loads(self.done("settle", "days", "--json", "--books", f"sqlite:{books}"))
            closed = [one["day"] for one in days["closes"]] == [day]
            self.assertNotEqual(closed, [one["day"] for one in days["open"]] == [day])
            self.assertIn("0 differences", self.done("settle", "verify", "--books", f"sqlite:{books}"))
            in_the_middle += killed and not closed and written > 0
            if not closed:
                self.assertEqual(self.close(books, day)["balances_hash"], expected["balances_hash"])
        self.assertGreaterEqual(in_the_middle, 2)

    def test_of_two_closes_at_once_one_closes_and_the_other_is_told(self):
        day = self.take_in()
        words = [RECKON, "settle", "close", "--books", self.books, "--day", day, "--by", "kim"]
        both = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        told = [process.communicate(timeout=120) for process in both]
        self.assertEqual(sorted(process.returncode for process in both), [0, 2], told)
        self.assertIn("is closed already", "".join(fault for _, fault in told))
        self.assertIn("1 closes posted again, 0 differences", self.settle("verify"))

    def copy(self, name):
        path = self.folder / f"{name}.db"
        shutil.copy(self.folder / "books.db", path)
        return path

    def close(self, books, day):
        return json.loads(self.done("settle", "close", "--day", day, "--by", "kim", "--json", "--books", f"sqlite:{books}"))

    def await_wal(self, process, books, size):
        until = time.monotonic() + 60
        while process.poll() is None and wal_size(books) < size and time.monotonic() < until:
            time.sleep(0.001)


def wal_size(books):
    wal = f"{books}-wal"
    return os.path.getsize(wal) if os.path.exists(wal) else 0


def cells(path):
    """The first sheet of a workbook as rows of text."""
    with zipfile.ZipFile(path) as archive:
        root = xml.etree.ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
        shared = ["".join(text.text or "" for text in one.iter(SHEET + "t")) for one in root.iter(SHEET + "si")]
        rows = []
        width = 0
        for row in xml.etree.ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml")).iter(SHEET + "row"):
            found = {}
            for cell in row.iter(SHEET + "c"):
                value = cell.find(SHEET + "v").text
                found[ord(cell.get("r")[0]) - ord("A")] = shared[int(value)] if cell.get("t") == "s" else value
            width = max(width, *(place + 1 for place in found))
            rows.append([found.get(place, "") for place in range(width)])
        return rows


if __name__ == "__main__":
    unittest.main()
