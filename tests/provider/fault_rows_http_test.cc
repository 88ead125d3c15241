// Rows 11, 12, 14, 16 to 24, 42 and 43 of the fault matrix (docs/faults.md): what comes over the connection.

#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "provider/fault_matrix_fixture.h"

using namespace reckon;
using namespace reckon::tests;
using namespace std::chrono_literals;

namespace {

std::string repeated(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

// The process's largest resident size so far, in KiB.
long peak_kib() {
  if (RECKON_SANITIZED) return 0;  // a sanitizer's own memory would drown ours
  std::ifstream status("/proc/self/status");
  std::string word;
  long value = 0;
  while (status >> word) {
    if (word == "VmHWM:") status >> value;
  }
  return value;
}

// Rows whose answers are all refused alike.
void play_all(const std::vector<std::pair<std::string, std::string>>& bytes_and_expected,
              const std::string& state) {
  for (const auto& row : bytes_and_expected) {
    CAPTURE(row.first.substr(0, 100));
    play({once(row.first), row.second, state});
  }
}

}  // namespace

TEST_CASE("fault row 11: headers byte by byte, each read a success") {
  play({[](Peer& peer) {
          peer.read_request();
          peer.drip(repeated("HTTP/1.1 200 OK\r\nX: 1\r\n", 1000), 10ms);
        },
        "timeout:first_byte", "open"});
}

TEST_CASE("fault row 12: a body byte by byte is cut, and nothing of it used") {
  play({[](Peer& peer) {
          peer.read_request();
          const auto whole = response(200, kakao_body() + std::string(5000, ' '));
          peer.send(
              whole.substr(0, whole.find("\r\n\r\n") + 4 + kakao_body().size()));  // all that would be needed
          peer.drip(std::string(5000, ' '), 10ms);
        },
        "timeout:body", "open"});
}

TEST_CASE("fault row 14: a reset within the body") {
  play({[](Peer& peer) {
          peer.read_request();
          peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + kakao_body());
          std::this_thread::sleep_for(10ms);  // so that the bytes are read before the reset discards them
          peer.reset();
        },
        "unavailable:body", "open"});
}

TEST_CASE("fault row 16: HTTP/1.0, the body ended by the close") {
  play({once("HTTP/1.0 200 OK\r\n\r\n" + kakao_body()), "ok", "closed"});
  play({once("HTTP/1.0 200 OK\r\n\r\n" + kakao_body().substr(0, 80)), "malformed", "open"});
  const LeakWatch watch;
  const ScriptedServer server(always("HTTP/1.0 200 OK\r\nContent-Length: " +
                                     std::to_string(kakao_body().size()) + "\r\n\r\n" + kakao_body()));
  FaultStage stage({.url = server.url()});
  for (int i = 0; i < 3; ++i) CHECK(stage.asked() == "ok");
  CHECK(server.accepted() == 3);  // never reused
}

TEST_CASE("fault row 17: fewer bytes than promised") {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n";
  play({once(head + kakao_body()), "malformed:body", "open"});
  play({[head](Peer& peer) {
          peer.read_request();
          peer.send(head + kakao_body());
          peer.hang();
        },
        "timeout:body", "open"});
}

TEST_CASE("fault row 18: more bytes than promised shift no answer to another question") {
  const LeakWatch watch;
  const auto good = response(200, kakao_body(3000));
  const ScriptedServer server(always(good + response(200, kakao_body(4444))));
  FaultStage stage({.url = server.url()});
  for (int i = 0; i < 4; ++i) CHECK(stage.quote().distance.metres.value == 3000);
  CHECK(server.accepted() == 4);
}

TEST_CASE("fault row 19: two framings, or chunks of a bad size") {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  // Read in either way, it would be a healthy answer.
  const auto body = kakao_body();
  const auto chunked = fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", body.size(), body);
  play({once(head + "Transfer-Encoding: chunked\r\n\r\n" + chunked), "ok", "closed"});
  play_all({{fmt::format("{}Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n{}", head, body.size(),
                         chunked),
             "malformed"},
            {head + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n", "malformed:body"},
            {head + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "malformed:body"},
            {head + "Content-Length: 13\r\nContent-Length: 14\r\n\r\n{}", "malformed"}},
           "open");
}

TEST_CASE("fault row 20: truncated JSON, trailing garbage, byte order mark, depth, repeated keys") {
  const auto body = kakao_body();
  std::string repeated_key = body;
  repeated_key.insert(1, R"("routes":[],)");
  std::string repeated_total = body;
  repeated_total.insert(repeated_total.find(R"("duration")"), R"("distance":1,)");
  play_all({{response(200, body.substr(0, body.size() - 2)), "malformed"},
            {response(200, body + "]"), "malformed"},
            {response(200, "\xEF\xBB\xBF" + body), "malformed"},
            {response(200, std::string(100'000, '[')), "malformed"},
            {response(200, R"({"x":)" + std::string(70, '[') + std::string(70, ']') + "," + body.substr(1)),
             "malformed"},
            {response(200, repeated_key), "malformed"},
            {response(200, repeated_total), "malformed"}},
           "open");
}

TEST_CASE("fault row 21: a login page with status 200") {
  play({once("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 18\r\n\r\n<html>Login</html>"),
        "malformed", "open"});
}

TEST_CASE("fault row 22: a compressed body is not even unpacked") {
  const auto before = peak_kib();
  const std::string packed(200'000, '\x1f');
  const std::string gzip = "Content-Encoding: gzip\r\n";
  // Even one that only says that it is compressed.
  play_all({{response(200, packed, gzip), "malformed"}, {response(200, kakao_body(), gzip), "malformed"}},
           "open");
  CHECK(peak_kib() - before < 20'000);
}

TEST_CASE("fault row 23: a gigabyte, told or endless") {
  const auto before = peak_kib();
  play({once("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"), "malformed", "open"});
  play({[](Peer& peer) {
          peer.read_request();
          const std::string block(std::size_t{64} << 10, ' ');
          if (!peer.send("HTTP/1.1 200 OK\r\n\r\n")) return;
          while (peer.send(block)) {
          }
        },
        "malformed:body", "open"});
  CHECK(peak_kib() - before < 20'000);
}

TEST_CASE("fault row 24: headers beyond 64 KiB, or 10,000 of them") {
  const auto with = [](const std::string& headers) { return response(200, kakao_body(), headers); };
  play({once(with(repeated("A: b\r\n", 100))), "ok", "closed"});
  play_all({{with("X: " + std::string(70'000, 'a') + "\r\n"), "malformed"},
            {with(repeated("A: b\r\n", 10'000)), "malformed"}},
           "open");
}

TEST_CASE("fault row 42: redirects are not followed, and the key goes nowhere") {
  const LeakWatch watch;
  std::atomic<int> followed = 0;
  const ScriptedServer other([&](Peer& peer) {
    ++followed;
    peer.read_request();
  });
  for (const auto& to :
       {other.url() + "/v1/directions", std::string("http://127.0.0.1:1/"), std::string("/loop")}) {
    const ScriptedServer server(once(response(302, "", "Location: " + to + "\r\n")));
    FaultStage stage({.url = server.url()});
    CHECK(stage.asked() == "malformed");
    CHECK(stage.state_after_quotes(5) == "open");
    CHECK(server.accepted() == 5);
  }
  CHECK(followed == 0);
}

TEST_CASE("fault row 43: 100 and 103 are skipped; 204 and 206 are no answers") {
  play({once("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" +
             response(200, kakao_body())),
        "ok", "closed"});
  play_all({{"HTTP/1.1 204 No Content\r\n\r\n", "malformed"},
            {response(206, kakao_body(), "Content-Range: bytes 0-99/200\r\n"), "malformed"}},
           "open");
}
