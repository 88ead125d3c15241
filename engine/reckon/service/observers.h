#pragma once

// Several listeners in the place of one.

#include <string_view>
#include <vector>

#include "reckon/distance/distance_service.h"

namespace reckon::service {

/// Tells each of its listeners in turn. They outlive its use.
class Observers final : public distance::Observer {
 public:
  /// Before the first call. @param listener  null is passed over
  void add(distance::Observer* listener) {
    if (listener != nullptr) listeners_.push_back(listener);
  }
  void on_call(const distance::CallRecord& call) override {
    for (auto* one : listeners_) one->on_call(call);
  }
  void on_answer(std::string_view provider, const distance::Trip& trip, base::Metres metres,
                 base::Seconds duration) override {
    for (auto* one : listeners_) one->on_answer(provider, trip, metres, duration);
  }
  void on_opening(std::string_view provider, const distance::Opening& opening) override {
    for (auto* one : listeners_) one->on_opening(provider, opening);
  }
  void on_breaker(std::string_view provider, std::string_view from, std::string_view to) override {
    for (auto* one : listeners_) one->on_breaker(provider, from, to);
  }
  void on_alarm(std::string_view provider, std::string_view what, std::string_view detail) override {
    for (auto* one : listeners_) one->on_alarm(provider, what, detail);
  }

 private:
  std::vector<distance::Observer*> listeners_;
};

}  // namespace reckon::service
