#include "reckon/provider/http_client.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "provider/scripted_server_fixture.h"

using namespace reckon;
using namespace reckon::provider;
using namespace std::chrono_literals;
using tests::BlackHole;
using tests::closed_port;
using tests::ok_response;
using tests::Peer;
using tests::ScriptedServer;
using tests::TestCertificates;

namespace {

constexpr auto kBudget = 250ms;
constexpr auto kTolerance = 50ms;
constexpr std::string_view kBody = R"({"code":"Ok"})";

const base::SystemClock kClock;

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.endpoint = parse_base_url(url, "url").value();
  request.target = "/route";
  return request;
}

std::shared_ptr<HttpTransport> client(HttpClientOptions options = {}) {
  return make_http_client(std::move(options), kClock, nullptr).value();
}

struct Timed {
  HttpResult result;
  std::chrono::microseconds took;
};

Timed timed(HttpTransport& transport, const HttpRequest& request,
            std::chrono::milliseconds budget = kBudget) {
  const auto begin = kClock.steady_now();
  auto result = transport.exchange(request, base::Deadline::after(kClock, budget));
  return {std::move(result),
          std::chrono::duration_cast<std::chrono::microseconds>(kClock.steady_now() - begin)};
}

std::string said(const HttpResult& result) {
  if (result) return fmt::format("status {} body {}", result->status, result->body.substr(0, 60));
  ProviderAnswer answer;
  answer.outcome = result.error().outcome;
  answer.stage = result.error().stage;
  return answer.reason();
}

std::string repeated(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

// The server's side of one row: answers each request of a connection with `bytes`, then closes.
ScriptedServer::Script says(std::string bytes) {
  return [bytes = std::move(bytes)](Peer& peer) {
    if (!peer.read_request().empty()) peer.send(bytes);
  };
}

}  // namespace

TEST_CASE("the transport ends every kind of silence by its deadline") {
  struct Row {
    ScriptedServer::Script script;
    std::string expected;
    std::string why;
  };
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
  const std::vector<Row> rows = {
      {[](Peer& peer) { peer.hang(); }, "timeout:first_byte", "row 10: accepted, then silence"},
      {[](Peer& peer) {
         peer.read_request();
         peer.drip(repeated("HTTP/1.1 200 OK\r\nX: 1\r\n", 1000), 20ms);
       },
       "timeout:first_byte", "row 11: each read succeeds, the headers never end"},
      {[head](Peer& peer) {
         peer.read_request();
         peer.send(head);
         peer.drip(std::string(100000, ' '), 20ms);
       },
       "timeout:body", "row 12: each read succeeds, the body never ends"},
      {[head](Peer& peer) {
         peer.send(head + "{\"code\"");
         peer.hang();
       },
       "timeout:body", "row 17: fewer bytes than promised, connection held open"},
      {[](Peer& peer) {
         while (peer.send("HTTP/1.1 100 Continue\r\n")) std::this_thread::sleep_for(1ms);
       },
       "timeout:first_byte", "lines without end, and never a blank one"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    const ScriptedServer server(row.script);
    const auto transport = client();
    const auto [result, took] = timed(*transport, get(server.url()));
    CHECK(said(result) == row.expected);
    CHECK(took <= kBudget + kTolerance);
  }
}

TEST_CASE("an endless fast body is cut by its cap, not by the deadline") {
  const ScriptedServer server([](Peer& peer) {
    if (!peer.send("HTTP/1.1 200 OK\r\n\r\n")) return;
    const std::string block(std::size_t{64} << 10, 'x');
    while (peer.send(block)) {
    }
  });
  const auto transport = client();
  const auto [result, took] = timed(*transport, get(server.url()), 2000ms);
  CHECK(said(result) == "malformed:body");
  CHECK(took < 1000ms);
}

TEST_CASE("connecting ends at once when refused, and by the deadline in a black hole") {
  const auto transport = client();
  SUBCASE("row 4: refused") {
    const auto [result, took] = timed(*transport, get(fmt::format("http://127.0.0.1:{}", closed_port())));
    CHECK(said(result) == "unavailable:connect");
    CHECK(took < kTolerance);
  }
  SUBCASE("row 5: no answer to the connection at all") {
    const BlackHole hole;
    const auto [result, took] = timed(*transport, get(fmt::format("http://127.0.0.1:{}", hole.port())));
    CHECK(said(result) == "timeout:connect");
    CHECK(took >= kBudget);
    CHECK(took <= kBudget + kTolerance);
  }
  SUBCASE("row 5: the connect budget ends it before the deadline does") {
    const BlackHole hole;
    HttpClientOptions options;
    options.connect_budget = 80ms;
    const auto cautious = client(options);
    const auto [result, took] = timed(*cautious, get(fmt::format("http://127.0.0.1:{}", hole.port())));
    CHECK(said(result) == "timeout:connect");
    CHECK(took <= 80ms + kTolerance);
  }
  SUBCASE("row 6: the first family is refused, the second answers") {
    const ScriptedServer server(says(ok_response(kBody)));
    // `localhost` is 127.0.0.1 then ::1; a server on one of them is found whichever stands first.
    const auto [result, took] = timed(*transport, get(fmt::format("http://localhost:{}", server.port())));
    CHECK(said(result) == "status 200 body {\"code\":\"Ok\"}");
  }
}

namespace {

class FixedAddresses final : public Resolver {
 public:
  explicit FixedAddresses(Addresses addresses) : addresses_(std::move(addresses)) {}
  ResolveResult resolve(const std::string&, base::Deadline) override { return addresses_; }

 private:
  Addresses addresses_;
};

}  // namespace

TEST_CASE("row 6: a second address answers within 250 ms when the first one is silent") {
  // 127.0.0.1 is a black hole at this port; on 127.0.0.2 the same port is free to be served.
  const BlackHole hole;
  const ScriptedServer server(says(ok_response(kBody)), {"127.0.0.2", hole.port()});
  auto resolver = std::make_shared<FixedAddresses>(
      Addresses{literal_addresses("127.0.0.1")->front(), literal_addresses("127.0.0.2")->front()});
  const auto transport = make_http_client({}, kClock, resolver).value();
  const auto [result, took] =
      timed(*transport, get(fmt::format("http://two.example:{}", hole.port())), 1000ms);
  CHECK(said(result) == "status 200 body {\"code\":\"Ok\"}");
  CHECK(took >= 240ms);
  CHECK(took <= 250ms + kTolerance);
}

TEST_CASE("answers are taken only when they can be read in one way") {
  struct Row {
    std::string bytes;
    std::string expected;
    std::string why;
  };
  const std::string body(kBody);
  const std::string good = "status 200 body " + body;
  const std::vector<Row> rows = {
      {ok_response(body), good, "the plain case"},
      {"HTTP/1.0 200 OK\r\n\r\n" + body, good, "row 16: HTTP/1.0, ended by close"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n{\"cod\r\n8\r\ne\":\"Ok\"}\r\n0\r\nT: "
       "1\r\n\r\n",
       good, "chunks with extension and trailer"},
      {"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok_response(body), good,
       "row 43: interim answers are skipped"},
      {"HTTP/1.1 204 No Content\r\n\r\n", "status 204 body ", "row 43: the vendor decides what 204 is"},
      {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "status 302 body ",
       "row 42: told, not followed"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "malformed",
       "row 19: both"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nContent-Length: 14\r\n\r\n" + body, "malformed",
       "two lengths"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + body, "malformed", "a negative length"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", "malformed:body",
       "row 19: bad chunk size"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n", "malformed:body",
       "row 19: overflow"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}garbage\r\n0\r\n\r\n", "malformed:body",
       "row 19: a chunk longer than it says"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "malformed",
       "a coding that was not asked for"},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b", "malformed",
       "row 22: gzip"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", "malformed", "row 23: 1 GB announced"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + body, "malformed:body",
       "row 17: closed before the end"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(70000, 'a') + "\r\n\r\n", "malformed",
       "row 24: headers > 64 KiB"},
      {"HTTP/1.1 200 OK\r\n" + repeated("A: b\r\n", 10000) + "\r\n", "malformed", "row 24: 10,000 headers"},
      {"HTTP/1.1 200 OK\r\n" + repeated("A: b\r\n", 201) + "\r\n", "malformed",
       "row 24: one header too many"},
      {repeated("HTTP/1.1 100 Continue\r\n\r\n", 50), "malformed", "row 43: interim answers without end"},
      {"HTTP/2 200\r\n\r\n", "malformed", "another protocol"},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "malformed", "another service"},
      {"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", "malformed", "a folded header"},
      {"HTTP/1.1 200 OK\r\nA b: x\r\n\r\n", "malformed", "a blank in a header's name"},
      {"", "unavailable:first_byte", "row 13: closed without a byte on a fresh connection"},
      {"HTTP/1.1 200 OK\r\nContent-", "malformed", "closed within the headers"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    const ScriptedServer server(says(row.bytes));
    const auto transport = client();
    const auto [result, took] = timed(*transport, get(server.url()));
    CHECK(said(result) == row.expected);
    CHECK(took <= kBudget + kTolerance);
    CHECK(server.accepted() == 1);
  }
}

TEST_CASE("a reset is told by the stage it came in, and is not retried on a fresh connection") {
  for (const bool in_body : {false, true}) {
    CAPTURE(in_body);
    const ScriptedServer server([in_body](Peer& peer) {
      peer.read_request();
      if (in_body) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"code\":");
      std::this_thread::sleep_for(20ms);  // so that the bytes are read before the reset discards them
      peer.reset();
    });
    const auto transport = client();
    const auto [result, took] = timed(*transport, get(server.url()));
    CHECK(said(result) == (in_body ? "unavailable:body" : "unavailable:first_byte"));
    CHECK(server.accepted() == 1);
  }
}

TEST_CASE("connections are kept, and a kept one that died is replaced in silence") {
  const auto transport_of = [] { return client(); };
  SUBCASE("ten exchanges, one connection") {
    const ScriptedServer server([](Peer& peer) {
      while (!peer.read_request().empty()) peer.send(ok_response(kBody));
    });
    const auto transport = transport_of();
    for (int i = 0; i < 10; ++i) CHECK(timed(*transport, get(server.url())).result);
    CHECK(server.accepted() == 1);
  }
  SUBCASE("row 15: closed by the peer while idle") {
    const ScriptedServer server(says(ok_response(kBody)));  // closes after each answer without saying so
    const auto transport = transport_of();
    for (int i = 0; i < 5; ++i) {
      CHECK(said(timed(*transport, get(server.url())).result) == "status 200 body {\"code\":\"Ok\"}");
      std::this_thread::sleep_for(10ms);
    }
    CHECK(server.accepted() == 5);
  }
  SUBCASE("row 15: closed by the peer when the second request arrives") {
    const ScriptedServer server([](Peer& peer) {
      peer.read_request();
      peer.send(ok_response(kBody));
      peer.read_request();  // and gone, without a byte
    });
    const auto transport = transport_of();
    for (int i = 0; i < 3; ++i) CHECK(timed(*transport, get(server.url())).result);
    CHECK(server.accepted() == 3);
  }
  SUBCASE("row 18: bytes left over end the connection, so that no answer shifts to another question") {
    const ScriptedServer server([](Peer& peer) {
      while (!peer.read_request().empty()) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}{\"poison\":1}");
      }
    });
    const auto transport = transport_of();
    for (int i = 0; i < 3; ++i)
      CHECK(said(timed(*transport, get(server.url())).result) == "status 200 body {}");
    CHECK(server.accepted() == 3);
  }
  SUBCASE("`Connection: close` is believed") {
    const ScriptedServer server([](Peer& peer) {
      while (!peer.read_request().empty()) {
        peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
      }
    });
    const auto transport = transport_of();
    for (int i = 0; i < 2; ++i) CHECK(timed(*transport, get(server.url())).result);
    CHECK(server.accepted() == 2);
  }
}

TEST_CASE("a request that could smuggle another one is never sent") {
  const ScriptedServer server(says(ok_response(kBody)));
  const auto transport = client();
  for (const std::string bad : {"/a\r\nX: 1", "/a b", "a", "/a\n"}) {
    CAPTURE(bad);
    auto request = get(server.url());
    request.target = bad;
    CHECK(said(timed(*transport, request).result) == "local_reject");
  }
  auto request = get(server.url());
  request.headers = {{"X", "a\r\nInjected: 1"}};
  CHECK(said(timed(*transport, request).result) == "local_reject");
  CHECK(server.accepted() == 0);
}

TEST_CASE("more connections than allowed are our own refusal, at once") {
  const ScriptedServer server([](Peer& peer) { peer.hang(); });
  HttpClientOptions options;
  options.max_open = 1;
  const auto transport = client(options);
  std::thread first(
      [&] { CHECK(said(timed(*transport, get(server.url())).result) == "timeout:first_byte"); });
  while (server.accepted() == 0) std::this_thread::sleep_for(1ms);
  const auto [result, took] = timed(*transport, get(server.url()));
  CHECK(said(result) == "local_reject");
  CHECK(took < 10ms);
  first.join();
}

TEST_CASE("TLS: the peer's name and dates are verified before anything is sent") {
  struct Row {
    std::string name;
    TestCertificates::Validity validity;
    std::string expected;
    std::string why;
  };
  TestCertificates certificates;
  HttpClientOptions trusting;
  trusting.ca_file = certificates.ca_file();
  const std::string good = "status 200 body {\"code\":\"Ok\"}";
  for (const auto& row : std::vector<Row>{
           {"127.0.0.1", TestCertificates::Validity::kValid, good, "the plain case"},
           {"127.0.0.1", TestCertificates::Validity::kExpired, "unavailable:tls", "row 7: expired"},
           {"other.example", TestCertificates::Validity::kValid, "unavailable:tls",
            "row 3 and 7: another host"}}) {
    CAPTURE(row.why);
    std::atomic<bool> accepted = false;
    const ScriptedServer server([&](Peer& peer) {
      accepted = certificates.serve(peer, row.name, row.validity,
                                    [](const auto& send) { send(ok_response(kBody)); });
    });
    const auto transport = client(trusting);
    const auto [result, took] =
        timed(*transport, get(fmt::format("https://127.0.0.1:{}", server.port())), 1000ms);
    CHECK(said(result) == row.expected);
    CHECK(server.accepted() == 1);  // no insecure second try
  }
  SUBCASE("row 7: an authority that the system does not know") {
    const ScriptedServer server([&](Peer& peer) {
      certificates.serve(peer, "127.0.0.1", TestCertificates::Validity::kValid, [](const auto&) {});
    });
    const auto transport = client();
    const auto [result, took] =
        timed(*transport, get(fmt::format("https://127.0.0.1:{}", server.port())), 1000ms);
    CHECK(said(result) == "unavailable:tls");
  }
  SUBCASE("row 8: silence after the ClientHello") {
    const ScriptedServer server([](Peer& peer) { peer.hang(); });
    const auto transport = client(trusting);
    const auto [result, took] = timed(*transport, get(fmt::format("https://127.0.0.1:{}", server.port())));
    CHECK(said(result) == "timeout:tls");
    CHECK(took <= kBudget + kTolerance);
  }
  SUBCASE("row 9: a TLS alert") {
    const ScriptedServer server([](Peer& peer) {
      peer.send(std::string_view("\x15\x03\x01\x00\x02\x02\x46", 7));  // fatal: protocol_version
      peer.hang();
    });
    const auto transport = client(trusting);
    const auto [result, took] = timed(*transport, get(fmt::format("https://127.0.0.1:{}", server.port())));
    CHECK(said(result) == "unavailable:tls");
  }
  SUBCASE("rows 10 to 12 through TLS: the deadline ends a drip of records") {
    const ScriptedServer server([&](Peer& peer) {
      certificates.serve(peer, "127.0.0.1", TestCertificates::Validity::kValid, [&peer](const auto& send) {
        send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        for (int i = 0; i < 100 && !peer.stopping(); ++i) {
          send(" ");
          std::this_thread::sleep_for(10ms);
        }
      });
    });
    const auto transport = client(trusting);
    const auto [result, took] = timed(*transport, get(fmt::format("https://127.0.0.1:{}", server.port())));
    CHECK(said(result) == "timeout:body");
    CHECK(took <= kBudget + kTolerance);
  }
}

TEST_CASE("authorities that cannot be read are an environment fault") {
  HttpClientOptions options;
  options.ca_file = "/nowhere/ca.pem";
  const auto made = make_http_client(options, kClock, nullptr);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == base::ErrorCode::kEnvironment);
  CHECK(made.error().where == "/nowhere/ca.pem");
}

TEST_CASE("exchanges from many threads do not mix") {
  const ScriptedServer server([](Peer& peer) {
    for (;;) {
      const auto request = peer.read_request();
      if (request.empty()) return;
      peer.send(ok_response(request.substr(0, request.find(" HTTP/"))));
    }
  });
  const auto transport = client();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        auto request = get(server.url());
        request.target = fmt::format("/{}/{}", t, i);
        const auto result = transport->exchange(request, base::Deadline::after(kClock, 5s));
        if (!result || result->body != "GET " + request.target) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(server.accepted() <= 8);
}
