#include "reckon/fee/catalogue.h"

#include <fmt/format.h>

#include <string>

namespace reckon::fee {
namespace {

using base::ErrorCode;

int specificity(const Tariff& tariff) {
  return tariff.scope ? 1 + static_cast<int>(tariff.scope->kind) : 0;
}

// Whether `one`, which came later in the list, goes before `best`.
bool goes_before(const Tariff& one, const Tariff& best) {
  if (specificity(one) != specificity(best)) return specificity(one) > specificity(best);
  if (one.id == best.id) return one.version > best.version;
  return one.scope && one.valid_from > best.valid_from;
}

// Why a tariff cannot be used; empty = it can.
std::string why_not(const Tariff& tariff, const FeeContext& context) {
  if (tariff.status == Status::kDraft) return "a draft";
  if (!covers(tariff, context))
    return fmt::format("for {} '{}'", kScopeKindNames[static_cast<std::size_t>(tariff.scope->kind)],
                       tariff.scope->name);
  const auto at = decisive_time(tariff, context);
  if (!at) return fmt::format("without {}", kTimeBasisNames[static_cast<std::size_t>(*tariff.time_basis)]);
  if (*at < tariff.valid_from)
    return fmt::format("not in force before {}", base::format_rfc3339(tariff.valid_from));
  return in_force(tariff, *at)
             ? ""
             : fmt::format("not in force since {}", base::format_rfc3339(*tariff.valid_until));
}

}  // namespace

std::vector<Rivals> rivals(std::span<const std::shared_ptr<const Tariff>> tariffs) {
  const auto same_scope = [](const Tariff& a, const Tariff& b) {
    if (a.scope.has_value() != b.scope.has_value()) return false;
    return !a.scope || (a.scope->kind == b.scope->kind && a.scope->name == b.scope->name);
  };
  const auto both_in_force = [](const Tariff& a, const Tariff& b) {
    return (!a.valid_until || b.valid_from < *a.valid_until) &&
           (!b.valid_until || a.valid_from < *b.valid_until);
  };
  std::vector<Rivals> found;
  for (std::size_t i = 0; i < tariffs.size(); ++i) {
    const Tariff& second = *tariffs[i];
    for (std::size_t j = 0; j < i; ++j) {
      const Tariff& first = *tariffs[j];
      const bool drafts = first.status == Status::kDraft || second.status == Status::kDraft;
      if (drafts || first.id == second.id || !same_scope(first, second) || !both_in_force(first, second) ||
          (second.scope && first.valid_from != second.valid_from))
        continue;
      found.push_back({j, i});
      break;
    }
  }
  return found;
}

std::string scope_text(const Tariff& tariff) {
  if (!tariff.scope) return "every shop";
  return fmt::format("{} '{}'", kScopeKindNames[static_cast<std::size_t>(tariff.scope->kind)],
                     tariff.scope->name);
}

std::string rivals_warning(std::span<const std::shared_ptr<const Tariff>> tariffs) {
  for (const auto& [first, second] : rivals(tariffs)) {
    if (tariffs[first]->scope) continue;  // refused where the configuration is read
    return fmt::format(
        "tariffs '{}' and '{}' are both for every shop: a request that names none is priced by '{}', which "
        "stands first; give one a scope, or name the tariff in requests",
        tariffs[first]->id, tariffs[second]->id, tariffs[first]->id);
  }
  return {};
}

std::string unasked_warning(std::span<const std::shared_ptr<const Tariff>> tariffs) {
  std::string bases;
  for (const auto& tariff : tariffs) {
    if (tariff->basis == DistanceBasis::kProvider) return {};
    bases += fmt::format("{}'{}' has {}", bases.empty() ? "" : ", ", tariff->id, to_string(tariff->basis));
  }
  if (bases.empty()) return {};
  return fmt::format(
      "no tariff has the basis provider ({}): the configured providers are never asked, and nothing is "
      "learned "
      "from them",
      bases);
}

base::Result<std::shared_ptr<const Tariff>> select_tariff(
    std::span<const std::shared_ptr<const Tariff>> tariffs, std::string_view id, const FeeContext& context) {
  std::shared_ptr<const Tariff> best;
  bool known = false;
  std::string ids, reasons;
  for (const auto& tariff : tariffs) {
    ids += (ids.empty() ? "" : ", ") + tariff->id;
    if (!id.empty() && tariff->id != id) continue;
    known = true;
    if (const auto why = why_not(*tariff, context); !why.empty()) {
      reasons += fmt::format("{}'{}' version {} is {}", reasons.empty() ? "" : ", ", tariff->id,
                             tariff->version, why);
      continue;
    }
    if (!best || goes_before(*tariff, *best)) best = tariff;
  }
  if (best) return best;
  if (!known) {
    return base::fail(ErrorCode::kNotFound, "tariff",
                      id.empty() ? "none is configured; name at least one tariff file"
                                 : fmt::format("'{}' is not configured; allowed: {}", id, ids));
  }
  return base::fail(
      ErrorCode::kInvalidInput, "at",
      fmt::format("no tariff is in force at {} for this delivery ({}); allowed: an instant, a shop and "
                  "readings for which one is",
                  base::format_rfc3339(context.at), reasons));
}

}  // namespace reckon::fee
