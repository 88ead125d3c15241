#include "reckon/ledger/workbook_check.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "ledger/settlement_fixture.h"
#include "reckon/base/file.h"
#include "reckon/ledger/settlement_export.h"

using namespace reckon;
using namespace reckon::test;

namespace {

// CRC-32 bit by bit.
std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t sum = 0xFFFFFFFF;
  for (const char c : bytes) {
    sum ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (sum & 1 ? 0xEDB88320 : 0);
  }
  return ~sum;
}

std::string number(std::uint64_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

// An archive of one part, stored as it is.
std::string archive_of(std::string_view content) {
  const auto sizes = number(checksum(content), 4) + number(content.size(), 4) + number(content.size(), 4);
  const auto local =
      number(0x04034b50, 4) + number(20, 2) + number(0, 8) + sizes + number(1, 2) + number(0, 2) + "a";
  const auto entry = number(0x02014b50, 4) + number(20, 2) + number(20, 2) + number(0, 8) + sizes +
                     number(1, 2) + number(0, 12) + number(0, 4) + "a";
  const auto begin = local + std::string(content);
  return begin + entry + number(0x06054b50, 4) + number(0, 4) + number(1, 2) + number(1, 2) +
         number(entry.size(), 4) + number(begin.size(), 4) + number(0, 2);
}

std::string workbook() {
  const LedgerFolder folder;
  ledger::Sheet sheet;
  sheet.name = "statement";
  sheet.header = {"note", "amount"};
  for (int i = 0; i < 2000; ++i) sheet.rows.push_back({"row " + std::to_string(i), fee::Money{i * 7919}});
  const auto path = folder.file().parent_path() / "book.xlsx";
  REQUIRE(ledger::write_xlsx(path, {&sheet, 1}, *fee::currency_from("USD"), at("12:00")));
  return base::read_file(path, 1 << 22).value();
}

}  // namespace

TEST_CASE("workbook_fault: a workbook as it is written is whole") {
  CHECK(ledger::workbook_fault(workbook()) == "");
  CHECK(ledger::workbook_fault(archive_of("<?xml version=\"1.0\"?>\n<a x=\"1\"><b/></a>\n")) == "");
  CHECK(ledger::workbook_fault(archive_of("<a/>")) == "");
}

TEST_CASE("workbook_fault: a part that is cut short is named, though its checksum holds") {
  for (const char* content :
       {"", "<?xml version=\"1.0\"?>", "<a><b/>", "<a><b></b>", "<a><b></a", "<sheet><row></row>"}) {
    CAPTURE(content);
    CHECK(ledger::workbook_fault(archive_of(content)) == "its part a is cut short");
  }
}

TEST_CASE("workbook_fault: an archive that is cut or changed anywhere in its parts is named") {
  const auto whole = workbook();
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    CAPTURE(size);
    CHECK(ledger::workbook_fault(whole.substr(0, size)) != "");
  }
  auto changed = archive_of("<a>abc</a>");
  const auto place = changed.find("abc");
  changed[place] = 'x';
  CHECK(ledger::workbook_fault(changed) == "its part a has another checksum");
}

TEST_CASE("workbook_fault: an entry of the directory that would reach beyond the archive is damaged") {
  constexpr std::size_t kEntrySize = 46, kEndSize = 22;
  const auto whole = archive_of("<a/>");
  const auto entry = whole.find("PK\x01\x02"), end = whole.rfind("PK\x05\x06");
  for (std::size_t kept = 4; kept + kEndSize < kEntrySize; ++kept) {
    CAPTURE(kept);
    CHECK(ledger::workbook_fault(whole.substr(0, entry + kept) + whole.substr(end)) ==
          "has a directory whose entry 1 is damaged");
  }
}
