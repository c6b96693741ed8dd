#include "os/system.h"

#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <sched.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <ctime>
#include <functional>
#include <mutex>
#include <thread>

#include "os/os_error.h"

namespace owl::os {
namespace {

timespec read_clock(clockid_t id) {
  timespec t{};
  ::clock_gettime(id, &t);  // can't fail for the clocks that every Linux has
  return t;
}

}  // namespace

Timestamp SystemClock::now() const {
  const auto t = read_clock(CLOCK_REALTIME);
  return {std::int64_t{t.tv_sec} * 1'000'000 + t.tv_nsec / 1000};
}

std::chrono::nanoseconds SystemClock::monotonic() const {
  const auto t = read_clock(CLOCK_MONOTONIC);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

bool SystemClock::sleep(std::chrono::nanoseconds duration, std::stop_token stop) {
  // "For ever" is cut to a year: now + duration must not overflow.
  duration = std::min<std::chrono::nanoseconds>(duration, std::chrono::hours(24 * 365));
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

void SystemRandom::fill(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = retry_eintr([&] { return ::getrandom(out.data(), out.size(), 0); });
    if (got < 0) throw_errno("read", "the system's randomness");
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

std::string host_name() {
  std::array<char, 256> name{};  // zero-filled and one longer than asked for: always terminated
  if (::gethostname(name.data(), name.size() - 1) != 0) throw_errno("read", "the host name");
  return name.data();
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

std::vector<std::pair<std::string, std::string>> environment_with_prefix(std::string_view prefix) {
  std::vector<std::pair<std::string, std::string>> found;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || !text.starts_with(prefix)) continue;
    if (equals < prefix.size()) continue;
    found.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  std::ranges::sort(found);
  return found;
}

bool is_root() {
  return ::geteuid() == 0;
}
std::uint32_t effective_uid() {
  return ::geteuid();
}

namespace {

/// What getpwnam(3) lists as "no such account" besides 0.
bool means_no_account(int value) {
  return value == 0 || value == ENOENT || value == ESRCH || value == EBADF || value == EPERM;
}

/// Calls `look_up(entry, buffer, size, result)` with a buffer that grows until the entry fits.
std::optional<Account> look_up_account(std::string_view what,
                                       const std::function<int(passwd*, char*, std::size_t, passwd**)>& look_up) {
  std::vector<char> buffer(1024);
  while (true) {
    passwd entry{};
    passwd* found = nullptr;
    const int error = look_up(&entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) return Account{found->pw_name, found->pw_uid, found->pw_gid, found->pw_dir};
    if (error == EINTR) continue;
    if (error != ERANGE) {
      if (means_no_account(error)) return std::nullopt;
      throw_errno("look up the account", what, error);
    }
    buffer.resize(buffer.size() * 2);
  }
}

}  // namespace

std::optional<Account> account_by_name(const std::string& name) {
  return look_up_account(name, [&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
    return ::getpwnam_r(name.c_str(), entry, buffer, size, found);
  });
}

std::optional<Account> account_by_uid(std::uint32_t uid) {
  return look_up_account(std::to_string(uid), [&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
    return ::getpwuid_r(uid, entry, buffer, size, found);
  });
}

void trim_heap() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

unsigned processor_count() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  // Fails on machines of more than 1024 processors, where the library's own count has to do.
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) return static_cast<unsigned>(CPU_COUNT(&allowed));
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace owl::os
