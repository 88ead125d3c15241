#pragma once

// What all subcommands share: option parsing that names every fault, exit codes, printing of errors.

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reckon/base/clock.h"
#include "reckon/base/result.h"

namespace reckon::cli {

/// Exit codes of the contract.
enum Exit : int { kDone = 0, kSomeRowsFailed = 1, kBadInput = 2, kEnvironmentFault = 3 };

/// An option `--name VALUE`, or `--name` alone when `value` is empty.
struct Option {
  std::string_view name;   ///< without the dashes
  std::string_view value;  ///< placeholder in the help, such as `LAT,LON`; empty for a flag
  std::string_view help;
};

/// Parsed words of one command.
class Args {
 public:
  bool has(std::string_view option) const { return values_.contains(option); }
  std::optional<std::string_view> get(std::string_view option) const;
  std::string_view get_or(std::string_view option, std::string_view otherwise) const;
  const std::vector<std::string>& words() const { return words_; }

 private:
  friend base::Result<Args> parse_args(const struct Command&, const std::vector<std::string>&);
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::string> words_;  ///< positional
};

/// One subcommand; `reckon help NAME` is made of this.
struct Command {
  std::string_view name;     ///< `map build`, `route`
  std::string_view summary;  ///< one line
  std::string_view words;    ///< positional words in the usage line, such as `IN.osm.pbf [IN2…]`
  int min_words;
  int max_words;
  std::vector<Option> options;
  std::vector<std::string_view> required;  ///< options that must be given
  std::function<int(const Args&)> run;
};

/// @errors kInvalidInput  every unknown, repeated, valueless or missing option, and a wrong number of words
base::Result<Args> parse_args(const Command& command, const std::vector<std::string>& words);

/// Prints each fault as `reckon: error: <where>: <what>; <what is allowed>`; returns the exit code for it.
int report(const base::Error& error);

/// `1 document`, `2 documents`, `1 delivery`.
std::string counted(std::int64_t count, std::string_view one, std::string_view many);

/// `did you mean 'route'? ` where one of `names` is at most two letters away from `word`, else nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& names);

/// A provider's name as an option has it, and what is wrong with one that is unknown, such as `is in no quote
/// on record`.
struct ProviderName {
  std::string_view option, name, fault;
};
/// A name that nobody has heard of is a slip of the pen: finding nothing of it would be no good news.
/// @errors kInvalidInput  it is not one of `on_record`, which the message names
base::Result<void> check_on_record(const ProviderName& sought,
                                   const std::set<std::string, std::less<>>& on_record);

/// The parts of a list with commas between; one empty part of an empty list.
std::vector<std::string_view> split_list(std::string_view list);

/// An integer option in [min, max].
base::Result<std::int64_t> integer_option(const Args& args, std::string_view option, std::int64_t otherwise,
                                          std::int64_t min, std::int64_t max);

/// An option that is given, such as `90s`, `10m`, `2h`: up to a day.
base::Result<std::chrono::seconds> length_option(const Args& args, std::string_view option);

/// The instant of `--at`, else the present one.
base::Result<base::WallTime> instant_option(const Args& args);

/// Writes `text` to the file of `--out`, atomically, or to stdout when there is none; returns an exit code.
int deliver(const Args& args, std::string_view text);

/// Prints what has been done for good. Where that does not arrive, finish_stdout says that it was done all
/// the same.
int tell_done(std::string_view text);

/// `exit`, unless what was printed did not all arrive: then says so and gives the code for that.
int finish_stdout(int exit);

/// A progress line on stderr, only when that is a terminal; redrawn in place, cleared at the end.
class Progress {
 public:
  Progress();
  ~Progress();
  void show(std::string_view stage, double done);
  /// Makes room for other lines; what is shown next is drawn anew.
  void clear();

 private:
  bool terminal_;
  bool shown_ = false;
  int last_percent_ = -1;
  std::string last_stage_;
};

}  // namespace reckon::cli
