#include <doctest/doctest.h>

#include <random>

#include "reckon/provider/http_response_reader.h"

using namespace reckon::provider;

namespace {

struct Outcome {
  HttpResponseReader::Progress progress;
  std::string body;
  bool reusable;
};

Outcome read_in_pieces(std::string_view bytes, const std::vector<std::size_t>& cuts) {
  HttpResponseReader reader(1000);
  auto progress = HttpResponseReader::Progress::kMore;
  std::size_t at = 0;
  for (std::size_t i = 0; i <= cuts.size() && progress == HttpResponseReader::Progress::kMore; ++i) {
    const std::size_t end = i < cuts.size() ? cuts[i] : bytes.size();
    progress = reader.feed(bytes.substr(at, end - at));
    at = end;
  }
  const bool reusable = reader.reusable();
  return {progress, progress == HttpResponseReader::Progress::kDone ? reader.take().body : "", reusable};
}

}  // namespace

TEST_CASE("response reader: how the bytes are cut makes no difference") {
  const unsigned seed = 11;
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::vector<std::string> wholes = {
      "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
      "HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\n{\"a\r\n4;x\r\n\":1}\r\n0\r\nT: u\r\n\r\n",
  };
  for (const auto& whole : wholes) {
    for (int round = 0; round < 500; ++round) {
      std::vector<std::size_t> cuts;
      for (std::size_t i = 1; i < whole.size(); ++i) {
        if (random() % 8 == 0) cuts.push_back(i);
      }
      const auto got = read_in_pieces(whole, cuts);
      REQUIRE(got.progress == HttpResponseReader::Progress::kDone);
      REQUIRE(got.body == "{\"a\":1}");
      REQUIRE(got.reusable);
    }
  }
}

TEST_CASE("response reader: no damage makes it crash, loop or exceed its cap") {
  const unsigned seed = 12;
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::string whole =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: "
      "y\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = whole;
    for (unsigned i = 0; i < 1 + random() % 3; ++i)
      damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
    HttpResponseReader reader(1000);
    auto progress = reader.feed(damaged);
    if (progress == HttpResponseReader::Progress::kMore) progress = reader.close();
    REQUIRE(progress != HttpResponseReader::Progress::kMore);
    if (progress == HttpResponseReader::Progress::kDone) REQUIRE(reader.take().body.size() <= 1000);
    if (progress == HttpResponseReader::Progress::kBroken) REQUIRE_FALSE(reader.fault().empty());
  }
}
