#include "reckon/dispatch/offer.h"

#include <algorithm>
#include <utility>

#include "reckon/base/result.h"

namespace reckon::dispatch {
namespace {

constexpr std::uint32_t kNoRider = 0xffffffffU;
constexpr std::uint32_t kVersionMask = 0xffffffU;  // 16 million changes, then round again

std::uint32_t number(RiderId id) {
  return static_cast<std::uint32_t>(id);
}

}  // namespace

std::string_view name_of(Answered answer) {
  constexpr std::string_view kNames[] = {"done", "stale", "taken", "closed", "too_late", "not_yours"};
  return kNames[static_cast<std::size_t>(answer)];
}

std::string_view name_of(OfferState state) {
  constexpr std::string_view kNames[] = {"waiting", "asked", "listed", "taken", "withdrawn"};
  return kNames[static_cast<std::size_t>(state)];
}

Offer::Offer(OfferId id, std::vector<OrderId> orders, const OfferPolicy& policy, std::vector<RiderId> riders,
             Seconds opened)
    : id_(id),
      orders_(std::move(orders)),
      policy_(policy),
      riders_(std::move(riders)),
      opened_(opened),
      word_(packed({OfferState::kWaiting, 0, kNoRider})) {
  RECKON_CHECK(policy.answer > 0 && policy.asks > 0 && policy.then != OfferMode::kTimed);
  RECKON_CHECK(policy.boost.every > 0 && policy.boost.step_minor >= 0 && policy.boost.most_minor >= 0);
}

std::uint64_t Offer::packed(const Word& word) {
  return (std::uint64_t{static_cast<std::uint8_t>(word.state)} << 56) |
         (std::uint64_t{word.version & kVersionMask} << 32) | word.rider;
}

Offer::Word Offer::unpacked(std::uint64_t bits) {
  return {static_cast<OfferState>(bits >> 56), static_cast<std::uint32_t>(bits >> 32) & kVersionMask,
          static_cast<std::uint32_t>(bits)};
}

bool Offer::swap(const Word& from, const Word& to) {
  std::uint64_t expected = packed(from);
  return word_.compare_exchange_strong(expected, packed(to), std::memory_order_acq_rel);
}

OfferView Offer::view() const {
  const Word word = load();
  OfferView out{.state = word.state, .version = word.version};
  if (word.state == OfferState::kAsked || word.state == OfferState::kTaken) out.rider = RiderId(word.rider);
  if (word.state == OfferState::kAsked) out.answer_by = answer_by_.load(std::memory_order_acquire);
  out.boost_minor = boost_minor_.load(std::memory_order_acquire);
  return out;
}

// A rider has declined whom `advance` has not written down yet.
bool Offer::is_unnoted(const Word& word) const {
  return word.rider != kNoRider && (refused_.empty() || refused_.back() != RiderId(word.rider));
}

bool Offer::advance(Seconds now) {
  const Word word = load();
  if (word.state == OfferState::kTaken || word.state == OfferState::kWithdrawn) return false;
  raise_boost(now);
  if (word.state == OfferState::kListed) return false;
  if (word.state == OfferState::kAsked) {
    if (now <= answer_by_.load(std::memory_order_acquire)) return false;
    const RiderId silent{word.rider};
    if (!swap(word, {OfferState::kWaiting, word.version + 1, kNoRider})) return advance(now);
    refused_.push_back(silent);
    go_on(load(), now);
    return true;
  }
  // A rider who declined is written down here: he himself only turned the word to waiting.
  if (is_unnoted(word)) refused_.push_back(RiderId(word.rider));
  return go_on(word, now);
}

// From waiting on: by its mode, and after enough riders have been asked by what follows it.
bool Offer::go_on(const Word& from, Seconds now) {
  const bool asked_enough = refused_.size() >= policy_.asks;
  if (policy_.mode == OfferMode::kTimed && !asked_enough && ask_next(from, now)) return true;
  const OfferMode mode = policy_.mode == OfferMode::kTimed ? policy_.then : policy_.mode;
  if (mode == OfferMode::kOpen) return swap(from, {OfferState::kListed, from.version + 1, kNoRider});
  // Forced on the best of those who were not asked; when all were, on the best of all.
  const auto fresh =
      std::ranges::find_if(riders_, [&](RiderId r) { return !std::ranges::count(refused_, r); });
  if (riders_.empty()) return false;
  const RiderId chosen = fresh == riders_.end() ? riders_.front() : *fresh;
  return swap(from, {OfferState::kTaken, from.version + 1, number(chosen)});
}

bool Offer::ask_next(const Word& from, Seconds now) {
  const auto next =
      std::ranges::find_if(riders_, [&](RiderId r) { return !std::ranges::count(refused_, r); });
  if (next == riders_.end()) return false;
  // Before the word: who reads the new word must find his seconds there.
  answer_by_.store(now + policy_.answer, std::memory_order_release);
  return swap(from, {OfferState::kAsked, from.version + 1, number(*next)});
}

void Offer::raise_boost(Seconds now) {
  const auto& boost = policy_.boost;
  const Seconds waited = now - opened_ - boost.after;
  if (waited < 0 || boost.step_minor == 0) return;
  const std::int64_t steps = 1 + waited / boost.every;
  const std::int64_t wanted = std::min(boost.most_minor, steps * boost.step_minor);
  if (wanted > boost_minor_.load(std::memory_order_acquire))
    boost_minor_.store(wanted, std::memory_order_release);
}

// Whether `advance` finds a waiting offer something to become; a forced one without riders has nothing.
bool Offer::can_go_on(const Word& word) const {
  if (is_unnoted(word) || !riders_.empty()) return true;
  return (policy_.mode == OfferMode::kTimed ? policy_.then : policy_.mode) == OfferMode::kOpen;
}

Seconds Offer::next_change() const {
  const Word word = load();
  if (word.state == OfferState::kTaken || word.state == OfferState::kWithdrawn) return kNever;
  if (word.state == OfferState::kWaiting && can_go_on(word)) return opened_;
  Seconds next = kNever;
  if (word.state == OfferState::kAsked) next = answer_by_.load(std::memory_order_acquire) + 1;
  const auto& boost = policy_.boost;
  const std::int64_t now_minor = boost_minor_.load(std::memory_order_acquire);
  if (boost.step_minor > 0 && now_minor < boost.most_minor) {
    const auto steps = static_cast<Seconds>((now_minor + boost.step_minor - 1) / boost.step_minor);
    next = std::min(next, opened_ + boost.after + steps * boost.every);
  }
  return next;
}

bool Offer::withdraw() {
  for (;;) {
    const Word word = load();
    if (word.state == OfferState::kTaken) return false;
    if (word.state == OfferState::kWithdrawn) return true;
    if (swap(word, {OfferState::kWithdrawn, word.version + 1, kNoRider})) return true;
  }
}

// Why the rider cannot answer now; kDone when he can.
Answered Offer::refusal(const Word& word, RiderId rider, std::uint32_t version, Seconds now) const {
  if (word.state == OfferState::kWithdrawn) return Answered::kClosed;
  if (word.state == OfferState::kTaken)
    return word.rider == number(rider) ? Answered::kDone : Answered::kTaken;
  if (word.version != (version & kVersionMask)) return Answered::kStale;
  if (word.state == OfferState::kWaiting) return Answered::kNotYours;
  if (word.state == OfferState::kListed) return Answered::kDone;
  if (word.rider != number(rider)) return Answered::kNotYours;
  return now > answer_by_.load(std::memory_order_acquire) ? Answered::kTooLate : Answered::kDone;
}

Answered Offer::take(RiderId rider, std::uint32_t version, Seconds now) {
  const Word word = load();
  const Answered refused = refusal(word, rider, version, now);
  if (refused != Answered::kDone || word.state == OfferState::kTaken) return refused;
  if (swap(word, {OfferState::kTaken, word.version + 1, number(rider)})) return Answered::kDone;
  return refusal(load(), rider, version, now);  // somebody or something came first
}

Answered Offer::decline(RiderId rider, std::uint32_t version, Seconds now) {
  const Word word = load();
  if (word.state == OfferState::kTaken && word.rider == number(rider)) return Answered::kNotYours;
  if (word.state == OfferState::kListed) return Answered::kNotYours;
  const Answered refused = refusal(word, rider, version, now);
  if (refused != Answered::kDone) return refused;
  // His number stays in the word, so that the owner knows who it was.
  if (swap(word, {OfferState::kWaiting, word.version + 1, number(rider)})) return Answered::kDone;
  return decline(rider, version, now);  // something came first: it says no more than what
}

}  // namespace reckon::dispatch
