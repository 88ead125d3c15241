"""Rows of the fault matrix (docs/faults.md) that need the program itself: row 54, killed without warning; row 56, up
again with nothing left but the straight line."""

import json
import signal
import threading
import time
import unittest

from program import CityTest, Server, provider, quote_body, run


class FaultMatrix(CityTest):
    def health(self, server):
        return json.loads(server.ask("GET", "/v1/health")[1])

    def quote(self, server):
        status, body, _ = server.ask("POST", "/v1/quotes", quote_body(), {"Content-Type": "application/json"})
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def test_row_54_killed_while_the_breaker_is_open_and_the_ledger_is_written(self):
        sim = Server("provider-sim", "--map", self.map, "--vehicle", "motorcycle", "--api", "kakao", "--port", "0", "--fault", "code=-10")
        try:
            config = self.config("killed.json", providers=[provider(sim.port)])
            server = Server("serve", "--config", config)
            told = [self.quote(server) for _ in range(3)]
            self.assertEqual(told[0]["distance"]["why_not"][0]["reason"], "quota")
            self.assertIn("latched:quota", json.dumps(self.health(server)))
            time.sleep(3)  # what the ladder has learned is written every two seconds
            acknowledged, stop = [], threading.Event()

            def keep_asking():
                while not stop.is_set():
                    try:
                        acknowledged.append(self.quote(server)["quote_id"])
                    except (OSError, AssertionError, ValueError):
                        return

            threads = [threading.Thread(target=keep_asking) for _ in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(0.7)
            server.stop(signal.SIGKILL)
            stop.set()
            for thread in threads:
                thread.join()
            self.assertGreater(len(acknowledged), 10)

            again = Server("serve", "--config", config)
            self.assertIn("latched:quota", json.dumps(self.health(again)))
            for quote_id in [quote["quote_id"] for quote in told] + acknowledged:
                self.assertEqual(again.ask("GET", f"/v1/quotes/{quote_id}")[0], 200, quote_id)
            self.assertEqual(self.quote(again)["distance"]["why_not"][0]["reason"], "quota")
            self.assertEqual(again.stop(), 0)
            code, out, err = run("verify", "--ledger", f"sqlite:{self.folder / 'killed.json.db'}", "--json")
            self.assertEqual(code, 0, out + err)
            self.assertEqual(json.loads(out)["differences"], [])
        finally:
            sim.stop()

    def test_row_56_both_providers_down_and_the_map_damaged(self):
        damaged = self.folder / "damaged.rmap"
        content = bytearray(self.map.read_bytes())
        content[len(content) // 2] ^= 0xFF
        damaged.write_bytes(content)
        config = self.config("bare.json", map="damaged.rmap", providers=[provider(1, name="one"), provider(1, name="two")])
        code, _, err = run("quote", "--config", config, "--from", "36.92,125.62", "--to", "36.93,125.63", env={"SIM_KEY": "k"})
        self.assertNotEqual(code, 0)  # a batch is better stopped than priced by straight lines
        self.assertIn("damaged.rmap", err)
        server = Server("serve", "--config", config)
        distance = self.quote(server)["distance"]
        self.assertEqual(distance["source"], "geodesic")
        self.assertTrue(distance["provisional"])
        self.assertLess(distance["low_m"], distance["distance_m"])
        self.assertEqual([why["reason"] for why in distance["why_not"]], ["unavailable:connect", "unavailable:connect", "map_damaged"])
        self.assertIn("reckon_damaged_map 1", server.ask("GET", "/metrics")[1])
        server.process.send_signal(signal.SIGTERM)
        _, err = server.process.communicate(timeout=60)
        self.assertRegex(err, r"alarm: .*damaged\.rmap")


if __name__ == "__main__":
    unittest.main()
