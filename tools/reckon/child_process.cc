#include "child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <utility>

extern char** environ;

namespace reckon::cli {
namespace {

constexpr std::string_view kListening = "listening on ";
constexpr std::size_t kMaxLine = 256;

base::Error failure(std::string what) {
  return {base::ErrorCode::kEnvironment, "/proc/self/exe", std::move(what)};
}

// The first line of a pipe, without its end; shorter when the pipe ends before.
std::string first_line(int fd) {
  std::string line;
  char c = 0;
  while (line.size() < kMaxLine && ::read(fd, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

void stop(pid_t pid) {
  ::kill(pid, SIGTERM);
  int status = 0;
  ::waitpid(pid, &status, 0);
}

}  // namespace

base::Result<ListeningChild> ListeningChild::start(const std::vector<std::string>& words) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    return base::fail(failure("no pipe to a child can be had; raise the limit of open files"));
  std::vector<std::string> all = {"reckon"};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (auto& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  const auto line = failed == 0 ? first_line(pipe[0]) : std::string();
  ::close(pipe[0]);
  if (failed != 0) return base::fail(failure("cannot be started again as the stand-in provider"));
  if (!line.starts_with(kListening)) {
    stop(pid);
    return base::fail(failure("as the stand-in provider it ended at once; its reason stands above"));
  }
  return ListeningChild(pid, line.substr(kListening.size()));
}

ListeningChild::ListeningChild(ListeningChild&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), address_(std::move(other.address_)) {}

ListeningChild::~ListeningChild() {
  if (pid_ != 0) stop(pid_);
}

}  // namespace reckon::cli
