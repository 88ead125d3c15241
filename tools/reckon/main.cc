// The program `reckon`: finds the subcommand, parses its options, runs it.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "reckon/version.h"

namespace reckon::cli {
namespace {

std::vector<Command> all_commands() {
  std::vector<Command> all;
  for (const auto& group : command_groups()) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

void print_overview(std::FILE* to, const std::vector<Command>& commands) {
  fmt::print(to, "reckon {}: delivery fees and assignments, with a map provider or without\n\ncommands:\n",
             kVersion);
  for (const auto& command : commands) fmt::print(to, "  {:<18} {}\n", command.name, command.summary);
  fmt::print(to, "  {:<18} {}\n  {:<18} {}\n", "help [command]", "this text, or one command's", "version",
             "the version of this program");
}

void print_help(const Command& command) {
  fmt::print("{}\n\nusage: reckon {} {}{}\n", command.summary, command.name, command.words,
             command.options.empty() ? "" : " [options]");
  for (const auto& option : command.options) {
    const bool required = std::ranges::find(command.required, option.name) != command.required.end();
    fmt::print("  --{:<26} {}{}\n", fmt::format("{} {}", option.name, option.value), option.help,
               required ? " (required)" : "");
  }
}

std::size_t words_in(std::string_view name) {
  return 1 + static_cast<std::size_t>(std::ranges::count(name, ' '));
}

// The command whose name the first words spell, longest name first.
const Command* find_command(const std::vector<Command>& commands, const std::vector<std::string>& words) {
  const Command* best = nullptr;
  for (const auto& command : commands) {
    const std::size_t count = words_in(command.name);
    if (words.size() < count) continue;
    std::string spelled = words[0];
    for (std::size_t i = 1; i < count; ++i) spelled += " " + words[i];
    if (spelled == command.name && (best == nullptr || count > words_in(best->name))) best = &command;
  }
  return best;
}

// `map` or `tariff` alone: the family's members.
std::string family_of(const std::vector<Command>& commands, const std::string& word) {
  std::string members;
  for (const auto& command : commands) {
    if (command.name.starts_with(word + " "))
      members += fmt::format("{}{}", members.empty() ? "" : ", ", command.name);
  }
  return members;
}

int unknown_command(const std::vector<Command>& commands, const std::string& word) {
  const auto family = family_of(commands, word);
  std::vector<std::string_view> names;
  for (const auto& command : commands) names.push_back(command.name);
  if (!family.empty())
    return report(
        {base::ErrorCode::kInvalidInput, word, fmt::format("is not a command; allowed: {}", family)});
  return report(
      {base::ErrorCode::kInvalidInput, word,
       fmt::format("is not a command; {}allowed: {}", did_you_mean(word, names), fmt::join(names, ", "))});
}

int help(const std::vector<Command>& commands, const std::vector<std::string>& topic) {
  if (topic.empty()) {
    print_overview(stdout, commands);
    return kDone;
  }
  if (const Command* command = find_command(commands, topic)) {
    print_help(*command);
    return kDone;
  }
  if (family_of(commands, topic[0]).empty()) return unknown_command(commands, topic[0]);
  for (const auto& command : commands) {
    if (command.name.starts_with(topic[0] + " ")) fmt::print("  {:<18} {}\n", command.name, command.summary);
  }
  return kDone;
}

bool is_written(const Option& option) {
  constexpr std::array<std::string_view, 5> kFiles = {"out", "svg", "html", "timing", "trace"};
  return option.value != "DIR" && std::ranges::find(kFiles, option.name) != kFiles.end();
}

/// The options given that name a file to write.
std::vector<const Option*> written_files(const Command& command, const Args& args) {
  std::vector<const Option*> files;
  for (const auto& option : command.options) {
    if (is_written(option) && args.has(option.name)) files.push_back(&option);
  }
  return files;
}

// A file that cannot be written is told before the work, not after it.
std::optional<base::Error> missing_folder(const Command& command, const Args& args) {
  std::vector<base::Fault> faults;
  for (const auto* option : written_files(command, args)) {
    const auto file = *args.get(option->name);
    const auto folder = std::filesystem::path(std::string(file)).parent_path();
    std::error_code ignored;
    if (folder.empty() || std::filesystem::is_directory(folder, ignored)) continue;
    faults.push_back({fmt::format("--{}", option->name),
                      fmt::format("'{}' cannot be written: there is no folder {}; an existing one is needed",
                                  file, folder.string())});
  }
  if (faults.empty()) return std::nullopt;
  return base::error_of(base::ErrorCode::kEnvironment, std::move(faults));
}

bool same_file(std::string_view a, std::string_view b) {
  constexpr std::string_view kScheme = "sqlite:";
  if (b.starts_with(kScheme)) b.remove_prefix(kScheme.size());
  std::error_code unknown;  // where one of them is not there
  return std::filesystem::equivalent(std::string(a), std::string(b), unknown);
}

// Whatever else the command line names, an answer must not take its place.
std::optional<base::Error> overwritten(const Command& command, const Args& args) {
  std::vector<base::Fault> faults;
  for (const auto* written : written_files(command, args)) {
    const auto file = *args.get(written->name);
    const auto refuse = [&](std::string_view named) {
      faults.push_back(
          {fmt::format("--{}", written->name),
           fmt::format("'{}' is {}, too, and would be lost; another file is needed", file, named)});
    };
    for (const auto& option : command.options) {
      if (&option == written || option.value.empty() || !args.has(option.name)) continue;
      const auto other = *args.get(option.name);
      const auto parts = split_list(other);
      const auto is_file = [&](std::string_view part) { return same_file(file, part); };
      if ((is_written(option) && file == other) || is_file(other) || std::ranges::any_of(parts, is_file))
        refuse(fmt::format("--{}", option.name));
    }
    for (const auto& word : args.words()) {
      if (same_file(file, word)) refuse("read");
    }
  }
  if (faults.empty()) return std::nullopt;
  return base::error_of(base::ErrorCode::kInvalidInput, std::move(faults));
}

int run(std::vector<std::string> words) {
  const auto commands = all_commands();
  if (words.empty()) {
    print_overview(stderr, commands);
    return kBadInput;
  }
  if (words[0] == "version" || words[0] == "--version") {
    fmt::print("reckon {}\n", kVersion);
    return kDone;
  }
  if (words[0] == "help" || words[0] == "--help" || words[0] == "-h")
    return help(commands, {words.begin() + 1, words.end()});
  const auto asks_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  if (std::erase_if(words, asks_help) > 0) return help(commands, words);
  const Command* command = find_command(commands, words);
  if (command == nullptr) return unknown_command(commands, words[0]);
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(words_in(command->name)));
  const auto args = parse_args(*command, words);
  if (!args) return report(args.error());
  if (const auto fault = overwritten(*command, *args)) return report(*fault);
  if (const auto fault = missing_folder(*command, *args)) return report(*fault);
  return command->run(*args);
}

}  // namespace
}  // namespace reckon::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error value of write, not the end of the process
  try {
    return reckon::cli::finish_stdout(reckon::cli::run({argv + 1, argv + argc}));
  } catch (const std::exception& error) {  // out of memory, or a library's surprise: told, not a crash
    return reckon::cli::report({reckon::base::ErrorCode::kEnvironment, "reckon", error.what()});
  }
}
