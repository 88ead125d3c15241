#include "reckon/base/file.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "reckon/base/hash.h"

using reckon::base::ErrorCode;
using reckon::base::read_file;
using reckon::base::write_file_atomically;

namespace {
std::filesystem::path temporary_folder() {
  auto folder = std::filesystem::temp_directory_path() / ("reckon-file-test-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  return folder;
}
}  // namespace

TEST_CASE("write_file_atomically: the file is replaced whole and nothing else is left behind") {
  const auto folder = temporary_folder();
  REQUIRE(write_file_atomically(folder / "a", "one"));
  REQUIRE(write_file_atomically(folder / "a", "two"));
  CHECK(read_file(folder / "a", 10).value() == "two");
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
  std::filesystem::remove_all(folder);
}

TEST_CASE("files: what cannot be read or written is told by its path") {
  const auto folder = temporary_folder();
  CHECK(read_file(folder / "none", 10).error().code == ErrorCode::kEnvironment);
  CHECK(read_file(folder, 10).error().code == ErrorCode::kInvalidInput);
  CHECK(write_file_atomically(folder / "no" / "a", "x").error().code == ErrorCode::kEnvironment);
  REQUIRE(write_file_atomically(folder / "big", "12345"));
  CHECK(read_file(folder / "big", 4).error().code == ErrorCode::kLimit);
  std::filesystem::remove_all(folder);
}

TEST_CASE("sha256: the published value for the empty message and for abc") {
  CHECK(reckon::base::sha256("") ==
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(reckon::base::sha256("abc") ==
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
