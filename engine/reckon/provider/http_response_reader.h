#pragma once

// A strict reader of HTTP/1.x responses, fed with bytes as they come. It takes what honest servers send and
// refuses what could be read two ways: both length and chunks, unlike repeated lengths, compressed bodies,
// oversized heads.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "reckon/provider/http_transport.h"

namespace reckon::provider {

/// Limits of a response's head; a gateway's are near 8 KiB and 100.
inline constexpr std::size_t kMaxHeadBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMaxHeaders = 200;
inline constexpr int kMaxInterim = 8;  ///< `100 Continue`, `103 Early Hints`

/// Reads one response. One thread at a time.
class HttpResponseReader {
 public:
  explicit HttpResponseReader(std::size_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}

  enum class Progress : std::uint8_t { kMore, kDone, kBroken };

  /// Takes the next bytes. After kDone, `leftover()` tells whether there were more than the response's own.
  Progress feed(std::string_view bytes);
  /// The peer closed: done if the body has no other end, broken otherwise.
  Progress close();

  bool any_byte() const { return any_byte_; }
  bool in_body() const { return in_body_; }
  /// Why it is broken.
  const std::string& fault() const { return fault_; }
  /// True when the connection may carry another exchange: framed by length or chunks, HTTP/1.1, nothing left
  /// over, and the server did not say `close`.
  bool reusable() const { return reusable_ && !leftover_; }
  bool leftover() const { return leftover_; }
  /// Valid once after kDone.
  HttpResponse take() { return std::move(response_); }

 private:
  enum class State : std::uint8_t {
    kHead,
    kFixed,
    kUntilClose,
    kDone,
    kBroken,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailer
  };

  Progress broken(std::string why);
  Progress step();
  Progress read_head();
  bool read_status_line(std::string_view line);
  bool read_header_line(std::string_view line);
  Progress choose_framing();
  Progress begin_body(State framing);
  Progress take_fixed();
  Progress take_until_close();
  Progress take_chunk_size();
  Progress take_chunk_data();
  Progress take_chunk_end();
  Progress take_trailer();
  Progress done();
  bool take_body(std::size_t count);
  bool next_line(std::string_view& line);

  std::size_t max_body_bytes_;
  State state_ = State::kHead;
  std::string buffer_;  // bytes not yet used
  std::size_t head_scanned_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t left_ = 0;  // of the fixed body or the current chunk
  int interim_ = 0;
  bool http_1_1_ = false;
  bool reusable_ = false;
  bool leftover_ = false;
  bool any_byte_ = false;
  bool in_body_ = false;  // the head is read
  std::string fault_;
  HttpResponse response_;
};

}  // namespace reckon::provider
