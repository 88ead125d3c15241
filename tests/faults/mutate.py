"""Takes the protections of the fault matrix out, one by one, and wants the row's test to fail.

usage: tests/faults/mutate.py --check | BUILD_DIR [ROW…]
--check looks only whether each protection stands where it is looked for. BUILD_DIR is a configured build of a copy of the tree:
files are changed and put back. Each mutation is a build of one file and one link; a row is told as `caught` or `NOT CAUGHT`, and
exit is 1 if any was not. docs/faults.md says what the rows are.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROVIDER, DISTANCE = "engine/reckon/provider/", "engine/reckon/distance/"

# (row, what is taken out, file, text, its replacement)
MUTATIONS = [
    (1, "good addresses are kept", PROVIDER + "resolver.cc", "  if (usable) return host.addresses;\n", ""),
    (3, "the peer's name is verified", PROVIDER + "stream.cc", "SSL_set1_host(tls_->ssl, host.c_str());", ""),
    (5, "connecting has a budget of its own", PROVIDER + "http_client.cc", "std::min(deadline.at, clock_.steady_now() + options_.connect_budget)", "deadline.at"),
    (6, "the next address after 250 ms", PROVIDER + "stream.cc", "constexpr std::chrono::milliseconds kNextAddressAfter{250};", "constexpr std::chrono::milliseconds kNextAddressAfter{2500};"),
    (7, "certificates are verified", PROVIDER + "stream.cc", "SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);", ""),
    (7, "one alarm an outage", DISTANCE + "distance_service.cc", "rung.alarmed.exchange(true) || ", ""),
    (8, "the handshake is in the connect budget", PROVIDER + "http_client.cc", "stream.start_tls(*tls_, endpoint.host, clock_, connect_by)", "stream.start_tls(*tls_, endpoint.host, clock_, deadline)"),
    (11, "one deadline, and not one for each read", PROVIDER + "http_client.cc", "stream.read(bytes, clock_, deadline)", "stream.read(bytes, clock_, base::Deadline::after(clock_, std::chrono::milliseconds{150}))"),
    (13, "one retry", DISTANCE + "distance_service.cc", "rung.breaker.take_retry() &&", "false &&"),
    (13, "the budget of retries", DISTANCE + "breaker.cc", "  if (retry_credit_ < 1) return false;\n", ""),
    (15, "a kept connection that died is replaced", PROVIDER + "http_client.cc", "if (attempt.result || attempt.any_byte || !attempt.peer_closed)", "if (true)"),
    (16, "HTTP/1.0 is not reused", PROVIDER + "http_response_reader.h", "bool reusable() const { return reusable_ && !leftover_; }", "bool reusable() const { return !leftover_; }"),
    (18, "bytes left over end the connection", PROVIDER + "http_response_reader.h", "bool reusable() const { return reusable_ && !leftover_; }", "bool reusable() const { return reusable_; }"),
    (20, "trailing bytes are seen", PROVIDER + "json_cursor.cc", "return !given_up_ && at_ == end_;", "return !given_up_;"),
    (20, "repeated keys are seen", PROVIDER + "json_cursor.h", "!key || !keys.add(*key) ||", "!key ||"),
    (2, "looking up has a budget of its own", PROVIDER + "http_client.cc", "resolver_->resolve(host, {std::min(deadline.at, clock_.steady_now() + options_.resolve_budget)})", "resolver_->resolve(host, deadline)"),
    (17, "a body must be complete", PROVIDER + "http_response_reader.cc", "  if (state_ == State::kUntilClose) return done();", "  if (state_ == State::kUntilClose || state_ == State::kFixed) return done();"),
    (19, "never two framings", PROVIDER + "http_response_reader.cc", '  if (length && transfer) return broken("both content-length and transfer-encoding");\n', ""),
    (22, "compression is refused", PROVIDER + "http_response_reader.cc", '!same_word(header.value, "identity")', "false"),
    (23, "the cap of a body", PROVIDER + "http_response_reader.cc", "  if (count > max_body_bytes_ - response_.body.size()) {", "  if (count > (std::size_t{1} << 30)) {"),
    (24, "the cap of the headers", PROVIDER + "http_response_reader.h", "inline constexpr std::size_t kMaxHeaders = 200;", "inline constexpr std::size_t kMaxHeaders = 200'000;"),
    (25, "no route is no failure", PROVIDER + "kakao.cc", "code == 204 ? Outcome::kUnavailable : Outcome::kNoRoute", "Outcome::kUnavailable"),
    (26, "104 is 0 m found", PROVIDER + "kakao.cc", "if (code == 104) return found(0, 0);", ""),
    (29, "the straight line is the least", DISTANCE + "distance_service.cc", "auto why = implausible({answer.distance, answer.duration}, local.view);", "std::optional<std::string> why;"),
    (32, "the answer's ends must be ours", PROVIDER + "vendor.cc", "constexpr double kDegrees = 0.005;", "constexpr double kDegrees = 500;"),
    (34, "constants are seen", DISTANCE + "plausibility.cc", "return run >= kConstantRun && longest >= kConstantSpread * shortest;", "return run >= 1000;"),
    (35, "Retry-After is honoured", DISTANCE + "breaker.cc", "if (now < throttled_until_ ||", "if ("),
    (35, "the rate is lowered", DISTANCE + "breaker.cc", "  rate_ = std::max(kLeastRate, rate_ / 2);\n", ""),
    (36, "pauses grow", DISTANCE + "breaker.cc", "doubled(options_.throttle_first, throttles_, options_.throttle_longest)", "doubled(options_.throttle_first, 0, options_.throttle_longest)"),
    (36, "pauses are jittered", DISTANCE + "breaker.cc", "throttle_longest) * jitter(random_));", "throttle_longest));"),
    (36, "calls at a time are halved", DISTANCE + "breaker.cc", "  limit_ = std::max(1.0, limit_ / 2);\n", ""),
    (37, "a spent quota latches", DISTANCE + "breaker.cc", "    case provider::Outcome::kAuth:\n    case provider::Outcome::kQuota:\n      open_on(opening_of(call.began, static_cast<std::size_t>(bad_run_)), now, to_string(answer.outcome));\n      return;\n    case provider::Outcome::kThrottled:", "    case provider::Outcome::kThrottled:"),
    (38, "maintenance by its code", PROVIDER + "kakao.cc", '{"-7", Outcome::kUnavailable}', '{"-7", Outcome::kBadRequest}'),
    (39, "the alarm", DISTANCE + "distance_service.cc", "const bool key = answer.outcome == provider::Outcome::kAuth ||", "const bool key = answer.outcome == provider::Outcome::kNoRoute &&"),
    (40, "a bad address is no failure", PROVIDER + "kakao.cc", '{"-2", Outcome::kBadRequest}', '{"-2", Outcome::kUnavailable}'),
    (41, "Retry-After on 503 is kept", DISTANCE + "breaker.cc", "std::max(now + pause, wished_until_)", "now + pause"),
    (43, "204 and 206 are no answers", PROVIDER + "kakao.cc", "    if (response.status != 200) return read_refusal(response, now);\n    if (auto quick", "    if (response.status >= 300) return read_refusal(response, now);\n    if (auto quick"),
    (44, "open times grow", DISTANCE + "breaker.cc", "milliseconds pause = doubled(options_.open_first, openings_, options_.open_longest);", "milliseconds pause = options_.open_first;"),
    (45, "patience", DISTANCE + "breaker.cc", "  if (latencies_.size() < kLatenciesForPatience) return budget;", "  return budget;"),
    (45, "a change of pace is learned", DISTANCE + "breaker.cc", "if (++cut_run_ >= kCutsThatStretch)", "if (false)"),
    (46, "slow calls count", DISTANCE + "breaker.cc", "made = latency >= call.slow_after ? Mark::kSlow : failed ?", "made = failed ?"),
    (47, "the ramp", DISTANCE + "breaker.cc", "const double share = ramp * rate_;", "const double share = rate_;"),
    (48, "the lease ends", DISTANCE + "breaker.cc", "if (state_ == State::kHalfOpen && now >= lease_until_)", "if (false)"),
    (49, "waits stand on the steady clock", DISTANCE + "breaker.cc", "  const auto now = clock_.steady_now();\n  notice(now);\n  count_overdue(now);", "  const auto now = base::SteadyTime{clock_.wall_now().time_since_epoch()};\n  notice(now);\n  count_overdue(now);"),
    (50, "a long silence clears the window", DISTANCE + "breaker.cc", "if (now - last_event_ >= options_.stale_after)", "if (false)"),
    (51, "our own shortage is told apart", PROVIDER + "stream.cc", "return error == EMFILE || error == ENFILE || error == ENOBUFS", "return error == ENOBUFS"),
    (52, "the bulkhead", DISTANCE + "breaker.cc", '  if (in_flight_.size() >= options_.max_in_flight) return "busy";\n  if (now', "  if (now"),
    (54, "orders are kept", DISTANCE + "breaker.cc", "    kept.order = order_;\n", ""),
    (54, "open breakers are kept", DISTANCE + "breaker.cc", "  if (!memory.open_until) return;\n", "  return;\n"),
    (55, "the gap is counted", "engine/reckon/ledger/ledger.cc", "    gap.quotes += static_cast<std::int64_t>(ticket->rows.size());\n", ""),
    (56, "a damaged map is told apart", "engine/reckon/service/quote_engine.cc", '? "map_damaged" : "no_map"', '? "no_map" : "no_map"'),
    (4, "a refused connection is not tried again", PROVIDER + "vendor.cc", "failure.outcome == Outcome::kUnavailable && failure.stage == Stage::kFirstByte;", "failure.outcome == Outcome::kUnavailable && failure.stage != Stage::kTls;"),
    (9, "a TLS alert is not tried again", PROVIDER + "vendor.cc", "failure.outcome == Outcome::kUnavailable && failure.stage == Stage::kFirstByte;", "failure.outcome == Outcome::kUnavailable && failure.stage != Stage::kConnect;"),
    (10, "the first byte has the deadline of all", PROVIDER + "http_client.cc", "stream.read(bytes, clock_, deadline)", "stream.read(bytes, clock_, reader.any_byte() ? deadline : base::Deadline::after(clock_, std::chrono::seconds{2}))"),
    (12, "a body that is on its way is no body", PROVIDER + "http_response_reader.cc", "  return left_ == 0 ? done() : Progress::kMore;", "  return left_ == 0 || count > 0 ? done() : Progress::kMore;"),
    (14, "a reset is not the end of a body", PROVIDER + "http_client.cc", "        return interrupted(reader, got.status);\n      }", "        if (got.status == IoStatus::kReset && reader.in_body()) return {reader.take(), true, false};\n        return interrupted(reader, got.status);\n      }"),
    (21, "what is no JSON is malformed", PROVIDER + "kakao.cc", "if (!document) return document.error();", 'if (!document) return answer_of(Outcome::kNoRoute, "");'),
    (27, "no routes at all is malformed", PROVIDER + "kakao.cc", 'if (routes.empty()) return answer_of(Outcome::kMalformed, "no routes");', 'if (routes.empty()) return answer_of(Outcome::kNoRoute, "no routes");'),
    (27, "a route without summary is malformed", PROVIDER + "kakao.cc", 'answer_of(Outcome::kMalformed, "result_code 0 without summary")', 'answer_of(Outcome::kNoRoute, "result_code 0 without summary")'),
    (27, "an unknown code is a miss", PROVIDER + "kakao.cc", "code == 204 ? Outcome::kUnavailable : Outcome::kNoRoute", "code >= 204 ? Outcome::kUnavailable : Outcome::kNoRoute"),
    (28, "what is no number is no distance", PROVIDER + "vendor.cc", "node.is_number() ? node.number(-kAny, kAny) : std::nullopt;", "node.is_number() ? node.number(-kAny, kAny) : std::optional(3000.0);"),
    (30, "the straight line tells the most", DISTANCE + "plausibility.cc", "  if (beyond_straight(metres, local)) {", "  if (beyond_straight(metres / 20, local)) {"),
    (30, "the own map may agree", DISTANCE + "plausibility.cc", "return !local.road || metres > 2 * static_cast<double>(local.road->value) + 1000;", "return true;"),
    (31, "a fastest speed", DISTANCE + "plausibility.cc", "constexpr double kFastestMps = 130 / 3.6;", "constexpr double kFastestMps = 1300 / 3.6;"),
    (31, "a slowest speed", DISTANCE + "plausibility.cc", "constexpr double kSlowestMps = 1 / 3.6;", "constexpr double kSlowestMps = 0.001 / 3.6;"),
    (33, "a latitude is at most 90", "engine/reckon/geo/lat_lng.cc", "std::isfinite(lat_deg) && std::abs(lat_deg) <= 90;", "std::isfinite(lat_deg) && std::abs(lat_deg) <= 180;"),
    (42, "a redirect is no answer", PROVIDER + "vendor.cc", "    return Outcome::kMalformed;\n  }();", "    return status < 400 ? Outcome::kNoRoute : Outcome::kMalformed;\n  }();"),
    (42, "redirects are not followed", PROVIDER + "http_client.cc", "    auto result = exchange_once_or_twice(request, deadline);\n", '    auto result = exchange_once_or_twice(request, deadline);\n    if (const auto to = result ? result->header("location") : std::nullopt; to && to->starts_with("http")) {\n      auto next = request;\n      next.endpoint = parse_base_url(*to, "").value();\n      result = exchange_once_or_twice(next, deadline);\n    }\n'),
    (53, "open times have a longest", DISTANCE + "breaker.cc", "return std::min(longest, first * (std::int64_t{1} << std::min(times, kMaxDoublings)));", "return std::min(100 * longest, first * (std::int64_t{1} << std::min(times, kMaxDoublings)));"),
    (53, "nothing is kept of a quote that was not asked", DISTANCE + "breaker.cc", '    if (latch_.empty()) return "breaker_open";\n', '    in_flight_.reserve(in_flight_.capacity() + 8);\n    if (latch_.empty()) return "breaker_open";\n'),
]


def build(folder):
    done = subprocess.run(["cmake", "--build", str(folder), "-j2", "--target", "reckon_tests"], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout[-2000:]


def passes(folder, row):
    done = subprocess.run([folder / "tests" / "reckon_tests", f"-tc=fault row {row}:*", "--no-intro"], capture_output=True, text=True,
                          timeout=300, check=False)
    return done.returncode == 0


def astray():
    """Mutations whose text does not stand in its file exactly once, in words."""
    counts = [(row, what, name, (ROOT / name).read_text().count(text)) for row, what, name, text, _ in MUTATIONS]
    return [f"row {row}: {what}: the text stands {count} times in {name}" for row, what, name, count in counts if count != 1]


def main():
    if sys.argv[1:] == ["--check"]:
        faults = astray()
        print("\n".join([*faults, f"{len(MUTATIONS)} mutations, {len(faults)} astray"]))
        return 1 if faults else 0
    folder = pathlib.Path(sys.argv[1]).resolve()
    rows = {int(word) for word in sys.argv[2:]}
    faults = astray()
    missed = len(faults)
    for fault in faults:
        print(fault, flush=True)
    for row, what, name, text, other in MUTATIONS:
        if rows and row not in rows:
            continue
        path = ROOT / name
        whole = path.read_text()
        if whole.count(text) != 1:
            continue
        try:
            path.write_text(whole.replace(text, other))
            built, said = build(folder)
            caught = built and not passes(folder, row)
        except subprocess.TimeoutExpired:
            built, said, caught = True, "", True
        finally:
            path.write_text(whole)
        missed += not caught
        print(f"row {row}: {what}: {'caught' if caught else 'NOT CAUGHT' if built else 'does not build: ' + said}", flush=True)
    build(folder)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
