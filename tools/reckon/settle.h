#pragma once

// What the settle commands share.

#include <memory>
#include <string>
#include <utility>

#include "cli.h"
#include "reckon/ledger/settlement_store.h"

namespace reckon::cli {

inline constexpr Option kBooksOption{"books", "URL", "the settlement books, such as sqlite:books.db"};
inline constexpr Option kJsonOption{"json", "", "one JSON document"};
inline constexpr Option kByOption{"by", "NAME", "who does it"};

/// The books of `--books`.
base::Result<std::unique_ptr<ledger::Books>> open_books(const Args& args, ledger::Books::Mode mode);

/// The instant of `--at`, which must not lie ahead, or now.
base::Result<base::WallTime> past_instant_option(const Args& args);

/// A day option such as `--day 2026-03-01`.
base::Result<std::chrono::sys_days> day_option(const Args& args, std::string_view option);

/// `--from` and `--to`, or the first and the last closed day, or open one with `--open`.
/// @errors kNotFound  there is no such day
base::Result<std::pair<std::chrono::sys_days, std::chrono::sys_days>> span_option(const Args& args,
                                                                                  const ledger::Books& books);

}  // namespace reckon::cli
