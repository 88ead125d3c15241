#pragma once

// Solves large sparse symmetric positive definite systems (Hestenes and Stiefel 1952), preconditioned by the
// diagonal. Deterministic.

#include <functional>
#include <vector>

namespace reckon::distance {

/// Goes on from `found` towards the solution of A found = b.
/// @param apply     apply(in, out) sets out = A in
/// @param diagonal  of A, > 0; an infinite one keeps its entry as it is
/// @param rest      b - A found on entry; used up
/// @param enough    of the first residual, squared, is small enough; ends after 100 steps at most
/// @param stopped   asked at each step; true gives up where it stands
template <class Apply>
void conjugate_gradients(const Apply& apply, const std::vector<double>& diagonal, std::vector<double>& rest,
                         double enough, const std::function<bool()>& stopped, std::vector<double>& found) {
  constexpr int kMostSteps = 100;
  const auto n = rest.size();
  std::vector<double> step(n), moved(n), scaled(n);
  double now = 0;
  for (std::size_t p = 0; p < n; ++p) {
    step[p] = scaled[p] = rest[p] / diagonal[p];
    now += rest[p] * scaled[p];
  }
  enough *= now;
  for (int k = 0; k < kMostSteps && now > enough && !(stopped && stopped()); ++k) {
    apply(step, moved);
    double along = 0;
    for (std::size_t p = 0; p < n; ++p) along += step[p] * moved[p];
    if (along <= 0) return;
    const double length = now / along;
    double next = 0;
    for (std::size_t p = 0; p < n; ++p) {
      found[p] += length * step[p];
      rest[p] -= length * moved[p];
      scaled[p] = rest[p] / diagonal[p];
      next += rest[p] * scaled[p];
    }
    for (std::size_t p = 0; p < n; ++p) step[p] = scaled[p] + next / now * step[p];
    now = next;
  }
}

}  // namespace reckon::distance
