# Every library that the engine uses, found once. All are Debian 12 packages (tools/packages.txt).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(BZip2 REQUIRED)
find_package(EXPAT REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(fmt REQUIRED)
find_package(tl-expected REQUIRED)
find_package(date REQUIRED)
# cpp-httplib is a compiled shared library whose class sizes depend on these flags: they must come from pkg-config.
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(GEOGRAPHICLIB REQUIRED IMPORTED_TARGET geographiclib)
pkg_check_modules(XLSXWRITER REQUIRED IMPORTED_TARGET xlsxwriter)

set(RECKON_PRIVATE_DEFINITIONS "")
set(RECKON_PRIVATE_LIBRARIES
    fmt::fmt
    date::date-tz
    OpenSSL::SSL
    OpenSSL::Crypto
    SQLite::SQLite3
    PkgConfig::HTTPLIB
    PkgConfig::GEOGRAPHICLIB
    PkgConfig::XLSXWRITER
    ZLIB::ZLIB
    BZip2::BZip2
    EXPAT::EXPAT
    Threads::Threads)
