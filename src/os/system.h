#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace owl::os {

/// CLOCK_REALTIME, CLOCK_MONOTONIC and an interruptible sleep.
class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  std::chrono::nanoseconds monotonic() const override;
  bool sleep(std::chrono::nanoseconds duration, std::stop_token stop) override;
};

/// getrandom(2).
class SystemRandom final : public Random {
 public:
  void fill(MutableBytes out) override;
};

std::string host_name();
std::optional<std::string> environment(const char* name);
std::vector<std::pair<std::string, std::string>> environment_with_prefix(std::string_view prefix);
bool is_root();
std::uint32_t effective_uid();

struct Account {
  std::string name;
  std::uint32_t uid, gid;
  std::string home;
};
std::optional<Account> account_by_name(const std::string& name);
std::optional<Account> account_by_uid(std::uint32_t uid);

unsigned processor_count();  ///< that this process may use (sched_getaffinity)

/// Gives freed memory back to the kernel: glibc keeps tens of MiB of it once large vectors have grown and gone
/// (mallopt(3): the dynamic threshold). After a step that needed much, before one that needs as much again.
void trim_heap();

/// Turns SIGINT and SIGTERM into a stop token for as long as it lives. A second signal ends the process at once with
/// 130. One per process, made in main.
class StopOnSignals {
 public:
  StopOnSignals();
  ~StopOnSignals();
  std::stop_token token() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace owl::os
