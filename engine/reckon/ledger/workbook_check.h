#pragma once

// Whether an XLSX workbook is whole. The library that writes it does not look whether its passing files took
// all that was written to them, so that a full disk may cut a sheet short inside a sound archive.

#include <string>
#include <string_view>

namespace reckon::ledger {

/// Reads every part of the archive back.
/// @param bytes  a ZIP archive (PKWARE APPNOTE 6.3: no ZIP64, stored or deflated parts)
/// @return what is wrong: no archive, a part whose checksum is another, or whose outermost element does not
/// end; empty
///         when whole
std::string workbook_fault(std::string_view bytes);

}  // namespace reckon::ledger
