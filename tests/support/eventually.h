#pragma once

#include <chrono>
#include <thread>

namespace owl::test {

/// Waits until the condition holds, looking twenty times a second: servers and services go by their own clocks. False:
/// it did not in time. `within` is for a machine with much else to do; what must be quick has a check of its own.
template <typename Condition>
bool eventually(Condition condition, std::chrono::seconds within = std::chrono::seconds(60)) {
  const auto end = std::chrono::steady_clock::now() + within;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return condition();
}

}  // namespace owl::test
