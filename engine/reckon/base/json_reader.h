#pragma once

// JSON from outside: every syntax fault is located by line and column, every fault of meaning by a JSON
// pointer, and readers go on to find the further ones. The parser (RapidJSON, iterative, full precision,
// validated UTF-8) stays in the .cc; depth, size and duplicate keys are checked here because the library does
// not.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/limits.h"
#include "reckon/base/result.h"

namespace reckon::base {

/// The faults of one document; further ones than `most` are counted, not kept.
class Faults {
 public:
  /// @param name  what stands before a pointer in `where`: a file name, or `body`
  explicit Faults(std::string name, std::size_t most = kMaxFaults) : name_(std::move(name)), most_(most) {}

  /// @param pointer  JSON pointer; empty for the whole document
  void add(std::string_view pointer, std::string message);
  bool empty() const { return faults_.empty(); }
  const std::vector<Fault>& list() const { return faults_; }
  /// All faults as one Error; must not be called when empty.
  Error error(ErrorCode code) const;

 private:
  std::string name_;
  std::size_t most_;
  std::vector<Fault> faults_;
  std::size_t beyond_ = 0;
};

/// A place in a parsed document, or the absence of one. Reading a value of the wrong type or out of range
/// records a fault and yields nothing; reading from an absent place yields nothing and records nothing, so
/// that one absent key is one fault. Cheap to copy; valid while its JsonDocument and Faults live.
class JsonNode {
 public:
  bool present() const { return value_ != nullptr; }
  bool is_null() const;
  bool is_object() const;
  bool is_array() const;
  bool is_string() const;
  bool is_number() const;
  const std::string& pointer() const { return pointer_; }

  /// Records a fault of meaning at this place.
  void fault(std::string message) const;

  /// The member `key`; a fault if there is none, or if this is not an object.
  JsonNode required(std::string_view key) const;
  /// The member `key`, or an absent node. A fault if this is not an object.
  JsonNode optional(std::string_view key) const;
  /// Records a fault for every member not named here, saying which are.
  void allow_only(std::initializer_list<std::string_view> keys) const;
  /// The members' names in document order; nothing for anything but an object.
  std::vector<std::string_view> keys() const;

  /// An integer in [min, max]. `1500.0` is not an integer.
  std::optional<std::int64_t> integer(std::int64_t min, std::int64_t max) const;
  /// A finite number in [min, max].
  std::optional<double> number(double min, double max) const;
  /// Any finite number.
  std::optional<double> number() const;
  /// A string of at most `max_bytes` bytes; the view lives as long as the document.
  std::optional<std::string_view> string(std::size_t max_bytes = 4096) const;
  std::optional<bool> boolean() const;
  /// The elements of an array of at most `max_count`.
  std::vector<JsonNode> items(std::size_t max_count) const;
  /// A whole array of integers in [min, max] at once: for matrices, where a node a cell would cost too much.
  std::optional<std::vector<std::int64_t>> integers(std::size_t max_count, std::int64_t min,
                                                    std::int64_t max) const;
  /// This value and all below it as compact JSON text.
  std::string dump() const;

 private:
  friend class JsonDocument;
  JsonNode(const void* value, std::string pointer, Faults* faults)
      : value_(value), pointer_(std::move(pointer)), faults_(faults) {}

  const void* value_;  // rapidjson::Value, or null when absent
  std::string pointer_;
  Faults* faults_;
};

/// A parsed document that owns its bytes. Movable; immutable.
class JsonDocument {
 public:
  /// Parses UTF-8 JSON (no BOM) of at most kMaxJsonBytes and kMaxJsonDepth.
  /// @param name  stands in `where` of the faults: `<name>:<line>:<column>`, or `<name>#<pointer>` for
  /// duplicate keys
  /// @errors kInvalidInput  syntax, encoding, duplicate keys; kLimit  size or depth
  /// Cost: O(bytes).
  static Result<JsonDocument> parse(std::string_view bytes, std::string_view name);

  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();

  /// The topmost value; faults found from here on go to `faults`.
  JsonNode root(Faults& faults) const;

 private:
  struct State;
  explicit JsonDocument(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace reckon::base
