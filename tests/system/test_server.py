"""The server as a client meets it: quotes, refusals, idempotency, faults of the provider, stopping and killing."""

import concurrent.futures
import json
import pathlib
import select
import signal
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from program import PATIENCE_S, CityTest, Server, provider, quote_body, run, wait_until  # noqa: E402


class WithServer(CityTest):
    def serve(self, **changes):
        config = self.config(f"{self.id().rsplit('.', 1)[1]}.json", **changes)
        server = Server("serve", "--config", config)
        self.addCleanup(server.stop)
        self.ledger = f"sqlite:{config}.db"
        return server

    def simulate(self, *words):
        sim = Server("provider-sim", "--map", self.map, "--vehicle", "car", "--api", "kakao,osrm", "--port", 0, *words)
        self.addCleanup(sim.stop)
        return sim


class Quotes(WithServer):
    def test_a_quote_is_answered_and_found_again(self):
        server = self.serve()
        status, body, headers = server.ask("POST", "/v1/quotes", quote_body())
        quote = json.loads(body)
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        self.assertEqual(quote["distance"]["source"], "road")
        self.assertEqual(sum(line["amount"] for line in quote["fee"]["lines"]), quote["fee"]["total"])
        self.assertEqual(server.ask("GET", "/v1/quotes/" + quote["quote_id"])[:2], (200, body))
        trace = self.folder / "trace.json"
        trace.write_text(server.ask("GET", f"/v1/quotes/{quote['quote_id']}/trace")[1])
        self.assertEqual(run("verify", trace)[0], 0)
        trace.write_text(trace.read_text().replace('"total":', '"total":1'))
        self.assertEqual(run("verify", trace)[0], 1)

    def test_the_same_idempotency_key_gives_the_same_answer_and_another_body_409(self):
        server = self.serve()
        key = {"Idempotency-Key": "order-1"}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: server.ask("POST", "/v1/quotes", quote_body(), key)[:2], range(8)))
        self.assertEqual(len(set(answers)), 1)
        self.assertEqual(answers[0][0], 200)
        status, body, _ = server.ask("POST", "/v1/quotes", quote_body(vehicle="foot"), key)
        self.assertEqual((status, json.loads(body)["code"]), (409, "idempotency_key_reused"))
        self.assertIn("1 quotes recomputed", run("verify", "--ledger", self.ledger)[1])

    def test_bad_input_is_refused_with_every_fault(self):
        server = self.serve()
        rows = [
            ("{", 400, "invalid_input", "body:1:2"),
            ("[" * 1_000_000, 413, "limit", "body:1:65"),
            (quote_body(colour=1), 400, "invalid_input", "body#/colour"),
            (quote_body(**{"from": {"lat": 126.9, "lon": 37.5}}), 400, "invalid_input", "look swapped"),
            (quote_body(to={"lat": "x"}), 400, "invalid_input", "body#/to/lon"),
            (quote_body().replace("36.915", "NaN"), 400, "invalid_input", "body:1"),
            (quote_body(vehicle="tank"), 400, "invalid_input", "motorcycle, bicycle, foot, car"),
            (quote_body(at="yesterday"), 400, "invalid_input", "RFC 3339"),
            (quote_body(context={"weather": ["fog"]}), 400, "invalid_input", "body#/context/weather/0"),
            (quote_body(tariff="none"), 422, "not_found", "t4-rider-2022"),
            (quote_body(tariff="none", vehicle="tank"), 400, "invalid_input", "body#/tariff"),
            (quote_body(to={"lat": "x", "lon": 125.6}), 400, "invalid_input", "is a string; a number is needed"),
            (quote_body(to={"lat": 91, "lon": 125.6}), 400, "invalid_input", "body#/to"),
            (quote_body(at="2021-01-01T00:00:00Z"), 422, "invalid_input", "in force"),
        ]
        for body, status, code, says in rows:
            with self.subTest(says=says):
                answer = server.ask("POST", "/v1/quotes", body)
                problem = json.loads(answer[1])
                self.assertEqual((answer[0], problem["code"]), (status, code))
                self.assertIn(says, answer[1])
                self.assertEqual(answer[2]["Content-Type"], "application/problem+json")

    def test_bodies_and_encodings_without_bounds_are_refused(self):
        server = self.serve()
        self.assertEqual(server.ask("POST", "/v1/quotes", b"x" * 10, {"Content-Encoding": "gzip"})[0], 415)
        self.assertEqual(server.ask("POST", "/v1/quotes", iter([b"{", b"}"]))[0], 411)
        try:
            self.assertEqual(server.ask("POST", "/v1/quotes", b" " * 100_000_000)[0], 413)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before the body was read to its end
        self.assertEqual(server.ask("GET", "/v1/health")[0], 200)
        self.assertEqual(server.ask("GET", "/nothing")[0], 404)
        self.assertEqual(server.ask("POST", "/nothing", "{}")[0], 404)
        for method, path, allowed in (("GET", "/v1/quotes", "POST"), ("POST", "/v1/health", "GET"),
                                      ("DELETE", "/v1/quotes/" + "0" * 26, "GET")):
            status, body, headers = server.ask(method, path)
            self.assertEqual((status, headers.get("Allow"), json.loads(body)["code"]),
                             (405, allowed, "method_not_allowed"))
        self.assertEqual(server.ask("GET", "/v1/quotes/" + "0" * 26)[0], 404)

    def test_assignments_metrics_and_openapi(self):
        server = self.serve()
        problem = {"vehicles": [{"id": 1, "start_index": 0}], "jobs": [{"id": 5, "location_index": 1}],
                   "matrices": {"car": {"durations": [[0, 60], [60, 0]]}}}
        status, body, _ = server.ask("POST", "/v1/assignments", json.dumps(problem))
        self.assertEqual((status, json.loads(body)["summary"]["cost"]), (200, 60))
        self.assertEqual(server.ask("POST", "/v1/assignments", "{}")[0], 400)
        server.ask("POST", "/v1/quotes", quote_body())
        self.assertIn('reckon_quotes_total{source="road"} 1', server.ask("GET", "/metrics")[1])
        self.assertEqual(json.loads(server.ask("GET", "/openapi.json")[1])["openapi"], "3.1.0")


class ProviderFaults(WithServer):
    # Longer than any deadline, and what quotes come to say: that the breaker is open, where nothing else is written.
    FAULTS = ["hang", "latency=60000ms", "error=503", "throttle=429", "reset", "drip", "code=102", "wrong=10x",
              "truncate", "html", "refuse"]
    SETTLES_AS = {"throttle=429": "throttled", "code=102": "no_route"}

    def test_no_fault_of_the_provider_costs_a_quote(self):
        sim = self.simulate()
        for fault in self.FAULTS:
            with self.subTest(fault=fault):
                if fault != "refuse":  # for that one nobody listens
                    self.assertEqual(sim.ask("POST", "/sim/fault", fault)[0], 200)
                port = 1 if fault == "refuse" else sim.port
                config = self.config("faults.json", providers=[provider(port)], ledger=f"sqlite:f-{len(fault)}{fault[:3]}.db")
                server = Server("serve", "--config", config)
                try:
                    self.check_quotes(server, self.SETTLES_AS.get(fault, "breaker_open"))
                finally:
                    server.stop()

    def check_quotes(self, server, settles_as):
        took = []

        def reason():
            began = time.monotonic()
            status, body, _ = server.ask("POST", "/v1/quotes", quote_body())
            took.append(time.monotonic() - began)
            self.assertEqual(status, 200)
            distance = json.loads(body)["distance"]
            self.assertEqual(distance["source"], "road")
            self.assertEqual(distance["why_not"][0]["rung"], "provider:kakao")
            self.assertGreater(distance["distance_m"], 0)
            return distance["why_not"][0]["reason"]

        wait_until(lambda: reason() == settles_as, settles_as)
        # From then on none waits: it is not asked, or answers at once. (A busy machine may leave a quote no time to ask.)
        self.assertEqual({reason() for _ in range(15)} - {"no_time"}, {settles_as})
        self.assertLess(max(took), 30)  # by the deadline, not by the fault's end; how fast, `reckon bench quote` measures

    def test_the_healthy_provider_prices_and_its_key_is_nowhere(self):
        sim = self.simulate()
        server = self.serve(providers=[provider(sim.port)], deadline_ms=60_000)
        quote = json.loads(server.ask("POST", "/v1/quotes", quote_body())[1])
        self.assertEqual(quote["distance"]["source"], "provider:kakao")
        self.assertFalse(quote["distance"]["provisional"])
        for path in ("/metrics", "/v1/health", "/v1/quotes/" + quote["quote_id"]):
            self.assertNotIn("secret-key-4711", server.ask("GET", path)[1])
        server.process.send_signal(signal.SIGTERM)
        _, log = server.process.communicate(timeout=PATIENCE_S)
        self.assertNotIn("secret-key-4711", log)
        for file in self.folder.iterdir():
            self.assertNotIn(b"secret-key-4711", file.read_bytes(), file.name)


class Connections(WithServer):
    def test_an_unread_body_is_never_taken_for_a_request(self):
        server = self.serve()
        for header in ("Content-Encoding: gzip", "Transfer-Encoding: chunked"):
            with self.subTest(header=header), socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as link:
                smuggled = b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n"
                link.sendall(f"POST /v1/quotes HTTP/1.1\r\nHost: x\r\n{header}\r\n"
                             f"Content-Length: {len(smuggled)}\r\n\r\n".encode())
                select.select([link], [], [], 1)  # the refusal comes before the body, or not
                answer = b""
                try:
                    link.sendall(smuggled)
                    link.shutdown(socket.SHUT_WR)
                    while part := link.recv(65536):
                        answer += part
                except OSError:
                    pass  # refused and closed before the body came
                self.assertNotIn(b"HTTP/1.1 200", answer)

    def test_silent_connections_do_not_lock_others_out(self):
        server = self.serve()
        silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(300)]
        try:
            def answers():
                status = server.ask("GET", "/v1/health")[0]
                self.assertIn(status, (200, 503))  # full for a moment, and saying so
                return status == 200

            wait_until(answers, "health beside silent connections")
        finally:
            for link in silent:
                link.close()


class Ending(WithServer):
    def test_a_stop_right_after_the_start_is_not_forgotten(self):
        for _ in range(20):
            server = self.serve()
            self.assertEqual(server.stop(), 0)

    def load(self, server, enough):
        """Asks from four threads until the server is gone; returns once `enough` ids of answered quotes are there."""
        answered, stop = [], threading.Event()

        def work():
            while not stop.is_set():
                try:
                    status, body, _ = server.ask("POST", "/v1/quotes", quote_body())
                    if status == 200:
                        answered.append(json.loads(body)["quote_id"])
                except (OSError, ValueError):
                    return
                except Exception:  # noqa: BLE001  http.client's several ways to say that the connection ended
                    return

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(answered) >= enough, f"{enough} quotes")
        return answered, threads, stop

    def test_kill_9_under_load_loses_no_answered_quote(self):
        server = self.serve()
        answered, threads, stop = self.load(server, 60)
        server.process.kill()
        stop.set()
        for thread in threads:
            thread.join()
        server.process.wait()
        code, out, fault = run("verify", "--ledger", self.ledger)
        self.assertEqual(code, 0, out + fault)
        again = Server("serve", "--config", self.config(f"{self.id().rsplit('.', 1)[1]}.json"))
        self.addCleanup(again.stop)
        for quote_id in answered:
            self.assertEqual(again.ask("GET", "/v1/quotes/" + quote_id)[0], 200)

    def test_sigterm_answers_what_is_in_work_and_exits_0(self):
        sim = self.simulate("--fault", "hang")
        server = self.serve(providers=[provider(sim.port)], deadline_ms=3000)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(server.ask, "POST", "/v1/quotes", quote_body())
            wait_until(lambda: json.loads(sim.ask("GET", "/sim/stats")[1])["requests"] > 0, "the provider is asked")
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(asked.result()[0], 200)
        self.assertEqual(server.process.wait(timeout=PATIENCE_S), 0)
        self.assertIn("1 quotes recomputed, 0 differences", run("verify", "--ledger", self.ledger)[1])


if __name__ == "__main__":
    unittest.main()
