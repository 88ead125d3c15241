#pragma once

// Altering map files on purpose: for tests and fuzzers that want to get past the checksums.

#include <string>

namespace reckon::test {

/// Makes the checksums of header and sections right again, as somebody would who alters a file on purpose.
/// Does nothing where the section table itself makes no sense.
void mend_checksums(std::string& file);

}  // namespace reckon::test
