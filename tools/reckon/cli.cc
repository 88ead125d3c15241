#include "cli.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <utility>

#include "reckon/base/file.h"

namespace reckon::cli {
namespace {

std::string options_allowed(const Command& command, std::string_view asked) {
  if (command.options.empty()) return fmt::format("{} takes none", command.name);
  std::vector<std::string_view> names;
  for (const auto& option : command.options) names.push_back(option.name);
  auto text = did_you_mean(asked, names) + "allowed:";
  for (const auto& option : command.options) text += fmt::format(" --{}", option.name);
  return text + fmt::format("; see 'reckon help {}'", command.name);
}

void check_words(const Command& command, std::size_t count, std::vector<base::Fault>& faults) {
  const auto n = static_cast<int>(count);
  if (n >= command.min_words && n <= command.max_words) return;
  const auto usage = fmt::format("usage: reckon {} {}", command.name, command.words);
  faults.push_back({std::string(command.name),
                    n < command.min_words
                        ? fmt::format("{} is missing; {}", command.words, usage)
                        : fmt::format("has {} words too many; {}", n - command.max_words, usage)});
}

}  // namespace

std::optional<std::string_view> Args::get(std::string_view option) const {
  const auto found = values_.find(option);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::string_view Args::get_or(std::string_view option, std::string_view otherwise) const {
  return get(option).value_or(otherwise);
}

base::Result<Args> parse_args(const Command& command, const std::vector<std::string>& words) {
  Args args;
  std::vector<base::Fault> faults;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with("--")) {
      args.words_.push_back(words[i]);
      continue;
    }
    const auto equals = words[i].find('=');
    const std::string name = words[i].substr(2, equals == std::string::npos ? equals : equals - 2);
    const auto option = std::ranges::find(command.options, name, &Option::name);
    if (option == command.options.end()) {
      faults.push_back({"--" + name, "is not an option here; " + options_allowed(command, name)});
      // What follows is most likely its value, and no fault of its own.
      if (equals == std::string::npos && i + 1 < words.size() && !words[i + 1].starts_with("--")) ++i;
      continue;
    }
    std::string value;
    if (equals != std::string::npos) {
      value = words[i].substr(equals + 1);
    } else if (!option->value.empty()) {
      if (i + 1 == words.size() || words[i + 1].starts_with("--")) {
        faults.push_back({"--" + name, fmt::format("has no value; {} is needed", option->value)});
        continue;
      }
      value = words[++i];
    }
    if (!args.values_.emplace(name, value).second) {
      faults.push_back({"--" + name, "is given twice; each option may be given once"});
    }
  }
  for (const auto& name : command.required) {
    if (!args.has(name)) faults.push_back({fmt::format("--{}", name), "is missing; it is required"});
  }
  check_words(command, args.words_.size(), faults);
  if (!faults.empty()) return base::fail(base::error_of(base::ErrorCode::kInvalidInput, std::move(faults)));
  return args;
}

int report(const base::Error& error) {
  for (const auto& fault : error.all()) {
    const auto line = fmt::format("reckon: error: {}: {}\n", fault.where, fault.message);
    std::fputs(line.c_str(), stderr);  // never throws: stderr may be a closed pipe as well
  }
  return error.code == base::ErrorCode::kEnvironment ? kEnvironmentFault : kBadInput;
}

namespace {

// Letters to put in, take out or change.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& names) {
  constexpr std::size_t kMostLetters = 40, kFarthest = 2;
  std::string_view nearest;
  std::size_t distance = std::min(kFarthest + 1, word.size());  // another word altogether is no slip
  if (word.size() > kMostLetters) return {};
  for (const auto name : names) {
    if (const auto own = edit_distance(word, name); own < distance) {
      distance = own;
      nearest = name;
    }
  }
  return nearest.empty() ? std::string() : fmt::format("did you mean '{}'? ", nearest);
}

base::Result<void> check_on_record(const ProviderName& sought,
                                   const std::set<std::string, std::less<>>& on_record) {
  if (on_record.contains(sought.name)) return {};
  const std::vector<std::string_view> names(on_record.begin(), on_record.end());
  return base::fail(base::ErrorCode::kInvalidInput, std::string(sought.option),
                    fmt::format("'{}' {}; {}providers on record: {}", sought.name, sought.fault,
                                did_you_mean(sought.name, names),
                                names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::vector<std::string_view> split_list(std::string_view list) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto cut = std::min(list.find(','), list.size());
    parts.push_back(list.substr(0, cut));
    if (cut == list.size()) return parts;
    list.remove_prefix(cut + 1);
  }
}

base::Result<std::int64_t> integer_option(const Args& args, std::string_view option, std::int64_t otherwise,
                                          std::int64_t min, std::int64_t max) {
  const auto text = args.get(option);
  if (!text) return otherwise;
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (fault == std::errc{} && end == text->data() + text->size() && value >= min && value <= max)
    return value;
  const bool whole = fault != std::errc::invalid_argument && end == text->data() + text->size();
  return base::fail(
      base::ErrorCode::kInvalidInput, fmt::format("--{}", option),
      whole ? fmt::format("'{}' is out of range; allowed: an integer from {} to {}", *text, min, max)
            : fmt::format("'{}' is no whole number; allowed: digits alone, such as 12000, from {} to {}",
                          *text, min, max));
}

base::Result<std::chrono::seconds> length_option(const Args& args, std::string_view option) {
  constexpr std::int64_t kLongestS = 86'400;
  const auto text = args.get_or(option, "");
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::int64_t each = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (fault == std::errc{} && each > 0 && number > 0 && number <= kLongestS / each)
    return std::chrono::seconds{number * each};
  return base::fail(base::ErrorCode::kInvalidInput, fmt::format("--{}", option),
                    fmt::format("'{}' is no length; allowed: a number with s, m or h, up to 24h", text));
}

base::Result<base::WallTime> instant_option(const Args& args) {
  const auto text = args.get("at");
  if (!text) return base::SystemClock().wall_now();
  return base::parse_rfc3339(*text, "--at");
}

int deliver(const Args& args, std::string_view text) {
  if (const auto out = args.get("out")) {
    const auto written = base::write_file_atomically(std::string(*out), text);
    return written ? kDone : report(written.error());
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kDone;  // main looks whether it arrived
}

namespace {

// Of the one command that this process runs.
std::string& done_for_good() {
  static std::string text;
  return text;
}

}  // namespace

int tell_done(std::string_view text) {
  done_for_good() = text.substr(0, text.find('\n'));
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kDone;
}

int finish_stdout(int exit) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit;
  return report(
      {base::ErrorCode::kEnvironment, "stdout",
       done_for_good().empty()
           ? std::string("cannot be written; the result is not whole")
           : fmt::format("cannot be written; but it is done, do not repeat it: {}", done_for_good())});
}

Progress::Progress() : terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  clear();
}

void Progress::clear() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
  last_percent_ = -1;
}

// Without its last columns where the terminal has fewer: of a line that is wrapped only the end is redrawn.
static std::string fitting(std::string line) {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && line.size() >= size.ws_col)
    line.resize(size.ws_col - 1U);
  return line;
}

void Progress::show(std::string_view stage, double done) {
  const int percent = static_cast<int>(std::clamp(done, 0.0, 1.0) * 100);
  if (!terminal_ || (percent == last_percent_ && stage == last_stage_)) return;
  shown_ = true;
  last_percent_ = percent;
  last_stage_ = stage;
  fmt::print(stderr, "\r\x1b[K{}",
             fitting(fmt::format("{:<28} [{:<40}] {:3} %", stage,
                                 std::string(static_cast<std::size_t>(percent) * 2 / 5, '#'), percent)));
}

}  // namespace reckon::cli
