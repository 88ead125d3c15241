#pragma once

// One offer of one trip to riders: forced on one, asked of one after another, or listed for all to tap. A
// state machine without clock or thread of its own; riders may answer from any thread. docs/dispatch.md,
// "Offers".

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "reckon/dispatch/live.h"

namespace reckon::dispatch {

enum class OfferId : std::uint32_t {};

enum class OfferMode : std::uint8_t {
  kForced,  ///< the first rider has it; he cannot decline
  kTimed,   ///< riders are asked one after another, each for some seconds
  kOpen,    ///< everybody sees it; the first tap wins
};

/// What is added to the rider's pay while nobody takes the offer. It only rises.
struct BoostPolicy {
  Seconds after = 120;          ///< since the offer was opened; > 0
  Seconds every = 60;           ///< between two steps; > 0
  std::int64_t step_minor = 0;  ///< 0: no boost
  std::int64_t most_minor = 0;  ///< never more than this in all
};

struct OfferPolicy {
  OfferMode mode = OfferMode::kForced;
  Seconds answer = 20;                ///< for one who is asked; > 0
  std::uint32_t asks = 5;             ///< riders asked before the offer goes on as `then`; > 0
  OfferMode then = OfferMode::kOpen;  ///< kForced or kOpen
  BoostPolicy boost = {};
};

enum class OfferState : std::uint8_t {
  kWaiting,    ///< opened; `advance` says what comes
  kAsked,      ///< one rider may answer
  kListed,     ///< every rider may answer
  kTaken,      ///< by `rider`; nothing follows
  kWithdrawn,  ///< nothing follows
};

/// What stands at one moment. `version` changes whenever who may answer changes.
struct OfferView {
  OfferState state = OfferState::kWaiting;
  std::uint32_t version = 0;
  std::optional<RiderId> rider = {};  ///< the one who is asked, or has it
  Seconds answer_by = kNever;         ///< of the one who is asked: up to and with this second
  std::int64_t boost_minor = 0;
};

enum class Answered : std::uint8_t {
  kDone,     ///< taken, or declined, as the rider wished
  kStale,    ///< the offer has changed since the version he saw: look again
  kTaken,    ///< another rider was faster
  kClosed,   ///< withdrawn
  kTooLate,  ///< his seconds are over
  kNotYours  ///< another rider is asked, or nobody; or it is forced and cannot be declined
};
std::string_view name_of(Answered answer);
std::string_view name_of(OfferState state);

/// Threads: `take`, `decline` and `view` from any; `advance`, `withdraw` and `set_riders` from one at a time
/// (the owner's). Every change is one compare-and-set of state, version and rider, so that of a tap, a
/// withdrawal and the end of the seconds exactly one comes first, and at most one rider ever takes an offer.
class Offer {
 public:
  /// @param riders  whom to ask, best first; for kOpen it may be empty
  Offer(OfferId id, std::vector<OrderId> orders, const OfferPolicy& policy, std::vector<RiderId> riders,
        Seconds opened);

  OfferId id() const { return id_; }
  const std::vector<OrderId>& orders() const { return orders_; }
  OfferView view() const;

  /// Lets time pass: forces, asks the next one, lists, raises the boost. To be called when something has been
  /// answered, and at `next_change`. Seconds that go backwards change nothing.
  /// @return whether who may answer has changed
  bool advance(Seconds now);
  /// When `advance` will have something to do if nobody answers: a time in the past when it has already,
  /// kNever when nothing is left (a forced offer without riders, with its boost at the most, waits for
  /// set_riders). Owner only.
  Seconds next_change() const;
  /// Whom to ask from now on; those who were asked are not asked again.
  void set_riders(std::vector<RiderId> riders) { riders_ = std::move(riders); }
  /// The order is cancelled, or a person gave it away. False when it is taken already.
  bool withdraw();

  /// The rider wants it. @param version  of the view that he saw
  Answered take(RiderId rider, std::uint32_t version, Seconds now);
  /// The rider who is asked does not want it.
  Answered decline(RiderId rider, std::uint32_t version, Seconds now);
  /// Who was asked and did not take it, in sequence. Owner only.
  std::span<const RiderId> refused() const { return refused_; }

 private:
  struct Word {
    OfferState state;
    std::uint32_t version;  // 24 bits
    std::uint32_t rider;
  };
  static std::uint64_t packed(const Word& word);
  static Word unpacked(std::uint64_t bits);
  Word load() const { return unpacked(word_.load(std::memory_order_acquire)); }
  bool swap(const Word& from, const Word& to);
  Answered refusal(const Word& word, RiderId rider, std::uint32_t version, Seconds now) const;
  bool go_on(const Word& from, Seconds now);
  bool ask_next(const Word& from, Seconds now);
  bool is_unnoted(const Word& word) const;
  bool can_go_on(const Word& word) const;
  void raise_boost(Seconds now);

  OfferId id_;
  std::vector<OrderId> orders_;
  OfferPolicy policy_;
  std::vector<RiderId> riders_;
  std::vector<RiderId> refused_;
  Seconds opened_;
  std::atomic<std::uint64_t> word_;
  std::atomic<Seconds> answer_by_ = kNever;
  std::atomic<std::int64_t> boost_minor_ = 0;
};

}  // namespace reckon::dispatch
