#include "reckon/provider/http_response_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace reckon::provider {
namespace {

constexpr std::size_t kMaxLineBytes = 256;  // of a chunk's size with its extensions

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; });
}

template <int kBase>
bool whole_number(std::string_view text, std::size_t& value) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value, kBase);
  return fault == std::errc{} && end == text.data() + text.size() && !text.empty();
}

}  // namespace

std::optional<std::string_view> HttpResponse::header(std::string_view name) const {
  const auto found =
      std::ranges::find_if(headers, [name](const HttpHeader& h) { return same_word(h.name, name); });
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

HttpResponseReader::Progress HttpResponseReader::broken(std::string why) {
  state_ = State::kBroken;
  fault_ = std::move(why);
  return Progress::kBroken;
}

HttpResponseReader::Progress HttpResponseReader::feed(std::string_view bytes) {
  any_byte_ = any_byte_ || !bytes.empty();
  buffer_.append(bytes);
  Progress progress = Progress::kMore;
  // A step that changes the state may find its successor's bytes in the buffer already.
  for (State before = State::kBroken; progress == Progress::kMore && before != state_;) {
    before = state_;
    progress = step();
  }
  return progress;
}

HttpResponseReader::Progress HttpResponseReader::close() {
  if (state_ == State::kUntilClose) return done();
  if (state_ == State::kDone) return Progress::kDone;
  return broken(state_ == State::kHead ? "the connection ended within the headers"
                                       : "the connection ended before the body was complete");
}

HttpResponseReader::Progress HttpResponseReader::step() {
  switch (state_) {
    case State::kHead:
      return read_head();
    case State::kFixed:
      return take_fixed();
    case State::kUntilClose:
      return take_until_close();
    case State::kChunkSize:
      return take_chunk_size();
    case State::kChunkData:
      return take_chunk_data();
    case State::kChunkEnd:
      return take_chunk_end();
    case State::kTrailer:
      return take_trailer();
    case State::kDone:
      leftover_ = leftover_ || !buffer_.empty();
      return Progress::kDone;
    case State::kBroken:
      return Progress::kBroken;
  }
  return Progress::kBroken;
}

HttpResponseReader::Progress HttpResponseReader::read_head() {
  const auto end = buffer_.find("\r\n\r\n", head_scanned_ < 3 ? 0 : head_scanned_ - 3);
  head_scanned_ = buffer_.size();
  if (std::min(end, buffer_.size()) > kMaxHeadBytes)
    return broken(fmt::format("headers exceed {} bytes", kMaxHeadBytes));
  if (end == std::string::npos) return Progress::kMore;
  const std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  head_scanned_ = 0;
  response_ = HttpResponse{};
  for (std::size_t at = 0; at < head.size();) {
    const auto line_end = head.find("\r\n", at);
    const auto line = std::string_view(head).substr(at, line_end - at);
    if (!(at == 0 ? read_status_line(line) : read_header_line(line))) return Progress::kBroken;
    at = line_end + 2;
  }
  if (response_.status >= 200) return choose_framing();
  if (response_.status == 101 || ++interim_ > kMaxInterim) return broken("interim responses without end");
  return read_head();
}

bool HttpResponseReader::read_status_line(std::string_view line) {
  http_1_1_ = line.starts_with("HTTP/1.1 ");
  std::size_t status = 0;
  const bool shaped = (http_1_1_ || line.starts_with("HTTP/1.0 ")) && line.size() >= 12 &&
                      (line.size() == 12 || line[12] == ' ') && whole_number<10>(line.substr(9, 3), status);
  if (!shaped || status < 100 || status > 599 || has_control(line)) {
    broken("not an HTTP/1 status line");
    return false;
  }
  response_.status = static_cast<int>(status);
  return true;
}

bool HttpResponseReader::read_header_line(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || has_control(line)) {
    broken("a header line is not 'name: value'");
    return false;
  }
  if (response_.headers.size() >= kMaxHeaders) {
    broken(fmt::format("more than {} headers", kMaxHeaders));
    return false;
  }
  response_.headers.push_back(
      {std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))});
  return true;
}

HttpResponseReader::Progress HttpResponseReader::choose_framing() {
  std::optional<std::string_view> length, transfer;
  for (const auto& header : response_.headers) {
    if (same_word(header.name, "content-length")) {
      if (length && *length != header.value) return broken("content-length is given twice and differs");
      length = header.value;
    } else if (same_word(header.name, "transfer-encoding")) {
      if (transfer) return broken("transfer-encoding is given twice");
      transfer = header.value;
    } else if (same_word(header.name, "content-encoding") && !same_word(header.value, "identity")) {
      return broken("a compressed body was not asked for");
    }
  }
  if (length && transfer) return broken("both content-length and transfer-encoding");
  const auto connection = response_.header("connection");
  reusable_ = http_1_1_ && !(connection && same_word(*connection, "close"));
  if (response_.status == 204 || response_.status == 304) return done();
  if (transfer) {
    if (!http_1_1_ || !same_word(*transfer, "chunked"))
      return broken("a transfer-encoding other than chunked");
    return begin_body(State::kChunkSize);
  }
  if (length) {
    if (length->starts_with('+') || !whole_number<10>(*length, left_))
      return broken("content-length is not a number");
    if (left_ > max_body_bytes_) return broken(fmt::format("the body exceeds {} bytes", max_body_bytes_));
    return begin_body(State::kFixed);
  }
  reusable_ = false;
  return begin_body(State::kUntilClose);
}

HttpResponseReader::Progress HttpResponseReader::begin_body(State framing) {
  in_body_ = true;
  state_ = framing;
  return Progress::kMore;
}

bool HttpResponseReader::take_body(std::size_t count) {
  if (count > max_body_bytes_ - response_.body.size()) {
    broken(fmt::format("the body exceeds {} bytes", max_body_bytes_));
    return false;
  }
  response_.body.append(buffer_, 0, count);
  buffer_.erase(0, count);
  return true;
}

HttpResponseReader::Progress HttpResponseReader::take_fixed() {
  const auto count = std::min(left_, buffer_.size());
  if (!take_body(count)) return Progress::kBroken;
  left_ -= count;
  return left_ == 0 ? done() : Progress::kMore;
}

HttpResponseReader::Progress HttpResponseReader::take_until_close() {
  return take_body(buffer_.size()) ? Progress::kMore : Progress::kBroken;
}

bool HttpResponseReader::next_line(std::string_view& line) {
  const auto end = buffer_.find("\r\n");
  if (std::min(end, buffer_.size()) > kMaxLineBytes) {
    broken("a chunk's line is too long");
    return false;
  }
  if (end == std::string::npos) return false;
  line = std::string_view(buffer_).substr(0, end);
  return true;
}

HttpResponseReader::Progress HttpResponseReader::take_chunk_size() {
  std::string_view line;
  if (!next_line(line)) return state_ == State::kBroken ? Progress::kBroken : Progress::kMore;
  const auto used = line.size() + 2;
  const auto digits = trimmed(line.substr(0, line.find(';')));
  if (digits.starts_with('-') || !whole_number<16>(digits, left_))
    return broken("a chunk's size is not a number");
  if (left_ > max_body_bytes_ - response_.body.size()) {
    return broken(fmt::format("the body exceeds {} bytes", max_body_bytes_));
  }
  buffer_.erase(0, used);
  state_ = left_ == 0 ? State::kTrailer : State::kChunkData;
  return Progress::kMore;
}

HttpResponseReader::Progress HttpResponseReader::take_chunk_data() {
  const auto count = std::min(left_, buffer_.size());
  if (!take_body(count)) return Progress::kBroken;
  left_ -= count;
  if (left_ == 0) state_ = State::kChunkEnd;
  return Progress::kMore;
}

HttpResponseReader::Progress HttpResponseReader::take_chunk_end() {
  if (buffer_.size() < 2) return Progress::kMore;
  if (!buffer_.starts_with("\r\n")) return broken("a chunk does not end where its size says");
  buffer_.erase(0, 2);
  state_ = State::kChunkSize;
  return Progress::kMore;
}

HttpResponseReader::Progress HttpResponseReader::take_trailer() {
  for (std::string_view line; next_line(line);) {
    trailer_bytes_ += line.size() + 2;
    const bool last = line.empty();
    buffer_.erase(0, line.size() + 2);
    if (last) return done();
    if (trailer_bytes_ > kMaxHeadBytes) return broken("trailers without end");
  }
  return state_ == State::kBroken ? Progress::kBroken : Progress::kMore;
}

HttpResponseReader::Progress HttpResponseReader::done() {
  state_ = State::kDone;
  leftover_ = !buffer_.empty();
  return Progress::kDone;
}

}  // namespace reckon::provider
