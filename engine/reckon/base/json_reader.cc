#include "reckon/base/json_reader.h"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace reckon::base {
namespace {

using Value = rapidjson::Value;

constexpr unsigned kParseFlags = rapidjson::kParseFullPrecisionFlag | rapidjson::kParseValidateEncodingFlag |
                                 rapidjson::kParseIterativeFlag;

const Value& as_value(const void* value) {
  return *static_cast<const Value*>(value);
}

std::string_view view(const Value& string) {
  return {string.GetString(), string.GetStringLength()};
}

std::string_view type_name(const Value& value) {
  switch (value.GetType()) {
    case rapidjson::kNullType:
      return "null";
    case rapidjson::kFalseType:
    case rapidjson::kTrueType:
      return "a boolean";
    case rapidjson::kObjectType:
      return "an object";
    case rapidjson::kArrayType:
      return "an array";
    case rapidjson::kStringType:
      return "a string";
    case rapidjson::kNumberType:
      return "a number";
  }
  return "something";
}

// RFC 6901: ~ and / inside a key are escaped.
std::string child_pointer(const std::string& parent, std::string_view key) {
  std::string pointer;
  pointer.reserve(parent.size() + 1 + key.size());
  pointer += parent;
  pointer += '/';
  if (std::ranges::none_of(key, [](char c) { return c == '~' || c == '/'; })) return pointer += key;
  for (const char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

std::string line_and_column(std::string_view bytes, std::size_t offset) {
  const std::string_view before = bytes.substr(0, std::min(offset, bytes.size()));
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto last_break = before.rfind('\n');
  const auto column = last_break == std::string_view::npos ? before.size() + 1 : before.size() - last_break;
  return fmt::format("{}:{}", line, column);
}

// Offset of the first bracket that nests deeper than allowed, or npos.
std::size_t too_deep_at(std::string_view bytes) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) return i;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return std::string_view::npos;
}

// Finds every key that stands twice in one object. Depth is bounded by too_deep_at. Where a value stands is
// kept as steps and written out only for a fault: most documents have none.
class DuplicateKeys {
 public:
  explicit DuplicateKeys(Faults& faults) : faults_(faults) {}

  void check(const Value& value) {
    if (value.IsArray()) {
      for (rapidjson::SizeType i = 0; i < value.Size(); ++i) descend(value[i], {{}, i});
    } else if (value.IsObject()) {
      check_keys(value);
      for (const auto& member : value.GetObject()) descend(member.value, {view(member.name), 0});
    }
  }

 private:
  struct Step {
    std::string_view key;  // null data: an array's element
    rapidjson::SizeType index;
  };

  void descend(const Value& value, Step step) {
    if (!value.IsObject() && !value.IsArray()) return;
    path_.push_back(step);
    check(value);
    path_.pop_back();
  }

  void check_keys(const Value& object) {
    keys_.clear();
    for (const auto& member : object.GetObject()) keys_.push_back(view(member.name));
    std::ranges::sort(keys_);
    for (auto twin = std::ranges::adjacent_find(keys_); twin != keys_.end();
         twin = std::adjacent_find(std::next(twin), keys_.end())) {
      faults_.add(child_pointer(pointer(), *twin), "stands twice; each key may stand once");
    }
  }

  std::string pointer() const {
    std::string text;
    for (const auto& step : path_)
      text = step.key.data() == nullptr ? text + "/" + std::to_string(step.index)
                                        : child_pointer(text, step.key);
    return text;
  }

  Faults& faults_;
  std::vector<Step> path_;
  std::vector<std::string_view> keys_;
};

}  // namespace

void Faults::add(std::string_view pointer, std::string message) {
  Fault fault{pointer.empty() ? name_ : fmt::format("{}#{}", name_, pointer), std::move(message)};
  if (std::ranges::find(faults_, fault) != faults_.end())
    return;  // met again by a second reader of the place
  if (faults_.size() >= most_) {
    ++beyond_;
    return;
  }
  faults_.push_back(std::move(fault));
}

Error Faults::error(ErrorCode code) const {
  auto faults = faults_;
  if (beyond_ > 0) faults.push_back({name_, fmt::format("and {} further faults", beyond_)});
  return error_of(code, std::move(faults));
}

bool JsonNode::is_null() const {
  return present() && as_value(value_).IsNull();
}
bool JsonNode::is_object() const {
  return present() && as_value(value_).IsObject();
}
bool JsonNode::is_array() const {
  return present() && as_value(value_).IsArray();
}
bool JsonNode::is_string() const {
  return present() && as_value(value_).IsString();
}
bool JsonNode::is_number() const {
  return present() && as_value(value_).IsNumber();
}

void JsonNode::fault(std::string message) const {
  faults_->add(pointer_, std::move(message));
}

JsonNode JsonNode::optional(std::string_view key) const {
  JsonNode child(nullptr, child_pointer(pointer_, key), faults_);
  if (!present()) return child;
  if (!is_object()) {
    fault(fmt::format("is {}; an object is needed", type_name(as_value(value_))));
    return child;
  }
  const Value& object = as_value(value_);
  const auto found = object.FindMember(
      Value(rapidjson::StringRef(key.data(), static_cast<rapidjson::SizeType>(key.size()))));
  if (found != object.MemberEnd()) child.value_ = &found->value;
  return child;
}

JsonNode JsonNode::required(std::string_view key) const {
  JsonNode node = optional(key);
  if (!node.present() && is_object()) node.fault("is missing; it is required");
  return node;
}

void JsonNode::allow_only(std::initializer_list<std::string_view> keys) const {
  if (!is_object()) return;
  for (const auto& member : as_value(value_).GetObject()) {
    const auto name = view(member.name);
    if (std::ranges::find(keys, name) != keys.end()) continue;
    faults_->add(child_pointer(pointer_, name),
                 fmt::format("is not known here; allowed: {}", fmt::join(keys, ", ")));
  }
}

std::vector<std::string_view> JsonNode::keys() const {
  std::vector<std::string_view> names;
  if (!is_object()) return names;
  for (const auto& member : as_value(value_).GetObject()) names.push_back(view(member.name));
  return names;
}

std::optional<std::int64_t> JsonNode::integer(std::int64_t min, std::int64_t max) const {
  if (!present()) return std::nullopt;
  const Value& value = as_value(value_);
  if (value.IsInt64() && value.GetInt64() >= min && value.GetInt64() <= max) return value.GetInt64();
  fault(fmt::format("is {}; allowed: an integer from {} to {}",
                    value.IsNumber() ? dump() : std::string(type_name(value)), min, max));
  return std::nullopt;
}

std::optional<double> JsonNode::number(double min, double max) const {
  if (!present()) return std::nullopt;
  const Value& value = as_value(value_);
  if (value.IsNumber()) {
    const double number = value.GetDouble();
    if (std::isfinite(number) && number >= min && number <= max) return number;
  }
  fault(fmt::format("is {}; allowed: a number from {} to {}",
                    value.IsNumber() ? dump() : std::string(type_name(value)), min, max));
  return std::nullopt;
}

std::optional<double> JsonNode::number() const {
  if (!present()) return std::nullopt;
  const Value& value = as_value(value_);
  if (value.IsNumber() && std::isfinite(value.GetDouble())) return value.GetDouble();
  fault(fmt::format("is {}; a number is needed", type_name(value)));
  return std::nullopt;
}

std::optional<std::string_view> JsonNode::string(std::size_t max_bytes) const {
  if (!present()) return std::nullopt;
  const Value& value = as_value(value_);
  if (!value.IsString()) {
    fault(fmt::format("is {}; a string is needed", type_name(value)));
    return std::nullopt;
  }
  if (value.GetStringLength() > max_bytes) {
    fault(fmt::format("has {} bytes; at most {} are allowed", value.GetStringLength(), max_bytes));
    return std::nullopt;
  }
  return view(value);
}

std::optional<bool> JsonNode::boolean() const {
  if (!present()) return std::nullopt;
  const Value& value = as_value(value_);
  if (value.IsBool()) return value.GetBool();
  fault(fmt::format("is {}; allowed: true, false", type_name(value)));
  return std::nullopt;
}

std::vector<JsonNode> JsonNode::items(std::size_t max_count) const {
  std::vector<JsonNode> nodes;
  if (!present()) return nodes;
  const Value& value = as_value(value_);
  if (!value.IsArray()) {
    fault(fmt::format("is {}; an array is needed", type_name(value)));
    return nodes;
  }
  if (value.Size() > max_count) {
    fault(fmt::format("has {} elements; at most {} are allowed", value.Size(), max_count));
    return nodes;
  }
  nodes.reserve(value.Size());
  for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
    nodes.push_back(JsonNode(&value[i], pointer_ + "/" + std::to_string(i), faults_));
  }
  return nodes;
}

std::optional<std::vector<std::int64_t>> JsonNode::integers(std::size_t max_count, std::int64_t min,
                                                            std::int64_t max) const {
  if (!present()) return std::nullopt;
  const Value& value = as_value(value_);
  if (!value.IsArray() || value.Size() > max_count) {
    fault(fmt::format("is {}; allowed: an array of at most {} integers", type_name(value), max_count));
    return std::nullopt;
  }
  std::vector<std::int64_t> numbers(value.Size());
  bool whole = true;
  for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
    const Value& cell = value[i];
    if (cell.IsInt64() && cell.GetInt64() >= min && cell.GetInt64() <= max) {
      numbers[i] = cell.GetInt64();
      continue;
    }
    whole = false;
    JsonNode(&cell, pointer_ + "/" + std::to_string(i), faults_).integer(min, max);  // tells why
  }
  if (!whole) return std::nullopt;
  return numbers;
}

std::string JsonNode::dump() const {
  if (!present()) return {};
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  as_value(value_).Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

// Memory by the size of the text: chunks of 64 kB, as the library would take, cost more than reading a short
// document.
struct JsonDocument::State {
  explicit State(std::size_t bytes) : allocator(std::clamp<std::size_t>(2 * bytes, 1024, 65'536)) {}
  rapidjson::MemoryPoolAllocator<> allocator;
  rapidjson::Document document{&allocator};
};

JsonDocument::JsonDocument(std::unique_ptr<State> state) : state_(std::move(state)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

Result<JsonDocument> JsonDocument::parse(std::string_view bytes, std::string_view name) {
  if (bytes.size() > kMaxJsonBytes) {
    return fail(ErrorCode::kLimit, std::string(name),
                fmt::format("has {} bytes; at most {} are allowed", bytes.size(), kMaxJsonBytes));
  }
  if (const auto deep = too_deep_at(bytes); deep != std::string_view::npos) {
    return fail(ErrorCode::kLimit, fmt::format("{}:{}", name, line_and_column(bytes, deep)),
                fmt::format("nests too deep; at most {} levels are allowed", kMaxJsonDepth));
  }
  if (bytes.starts_with("\xEF\xBB\xBF")) {
    return fail(ErrorCode::kInvalidInput, fmt::format("{}:1:1", name),
                "begins with a byte order mark; allowed: one JSON document in UTF-8 without one");
  }
  auto state = std::make_unique<State>(bytes.size());
  state->document.Parse<kParseFlags>(bytes.data(), bytes.size());
  if (state->document.HasParseError()) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("{}:{}", name, line_and_column(bytes, state->document.GetErrorOffset())),
                fmt::format("is not JSON ({}); allowed: one JSON document in UTF-8",
                            rapidjson::GetParseError_En(state->document.GetParseError())));
  }
  Faults faults{std::string(name)};
  DuplicateKeys(faults).check(state->document);
  if (!faults.empty()) return fail(faults.error(ErrorCode::kInvalidInput));
  return JsonDocument(std::move(state));
}

JsonNode JsonDocument::root(Faults& faults) const {
  return {static_cast<const Value*>(&state_->document), "", &faults};
}

}  // namespace reckon::base
