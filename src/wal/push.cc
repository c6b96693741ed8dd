#include "wal/push.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/units.h"
#include "wal/admission.h"
#include "wal/unfinished_search.h"

namespace owl::wal {

AckPolicy AckPolicy::parse(std::string_view text, std::size_t stores) {
  if (text == "any") return {1};
  if (text == "all") return {stores};
  std::size_t needed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), needed);
  if (error == std::errc{} && end == text.data() + text.size() && needed >= 1 && needed <= stores) return {needed};
  throw Error(ErrorKind::config, fmt::format("wal.acknowledge = \"{}\" does not fit {} stores", text, stores))
      .with_hint("Write any, all, or a number from 1 to the number of stores.");
}

namespace {

/// One file on its way into every store at once.
class Push {
 public:
  Push(WalWriter& writer, repository::StoreSet& stores, const PushOptions& options, std::stop_token stop)
      : writer_(writer), stores_(stores), options_(options), stop_(std::move(stop)) {
    result_.plain_bytes = writer.file().info.plain_size;
    result_.stored_bytes = writer.object_bytes();
    result_.outcome = PushOutcome::already_stored;
  }

  PushResult run() {
    store_everywhere();
    require_policy();
    return result_;
  }

 private:
  /// All stores at once. The slower ones get a little longer once the policy is met, and none gets more than the
  /// timeout: PostgreSQL must never wait for a dead store.
  void store_everywhere() {
    using namespace std::chrono_literals;
    auto members = stores_.alive();
    for (const auto& name : stores_.dropped()) result_.failed.push_back(name);
    std::stop_source cut_off;
    const std::stop_callback link(stop_, [&] { cut_off.request_stop(); });
    std::vector<std::jthread> threads;
    for (auto& member : members) threads.emplace_back([&, this] { run_store(member, cut_off.get_token()); });

    std::unique_lock lock(mutex_);
    const auto finished = [&] { return finished_ == members.size(); };
    const auto met = [&] { return finished() || result_.stores.size() >= options_.policy.needed; };
    changed_.wait_for(lock, options_.timeout, met);
    changed_.wait_for(lock, result_.stores.size() >= options_.policy.needed ? options_.grace : 0ms, finished);
    cut_off.request_stop();
    changed_.wait(lock, finished);
  }

  void run_store(repository::StoreSet::Member& member, std::stop_token stop) {
    std::optional<Error> failure;
    PushOutcome outcome{};
    try {
      outcome = writer_.write(member, std::move(stop));
    } catch (const Error& error) {
      failure = error.kind() == ErrorKind::cancelled && !stop_.stop_requested() ? no_answer() : error;
    }
    const std::lock_guard lock(mutex_);
    if (failure) {
      result_.failed.push_back(member.name);
      note_failure(member, *failure);
    } else {
      result_.stores.push_back(member.name);
      if (outcome == PushOutcome::stored) result_.outcome = PushOutcome::stored;
    }
    ++finished_;
    changed_.notify_all();
  }

  /// We hung up; nobody asked this program to stop.
  Error no_answer() const {
    return {ErrorKind::timeout, fmt::format("no answer within {}", format_duration(options_.timeout))};
  }

  void note_failure(const repository::StoreSet::Member& member, const Error& error) {
    const bool worse = failure_ && failure_->kind() != ErrorKind::conflict && error.kind() == ErrorKind::conflict;
    if (failure_ && !worse) return;
    failure_ =
        Error(error).with_context(fmt::format("archiving {} in store {}", writer_.file().name.text, member.name));
  }

  void require_policy() {
    std::ranges::sort(result_.stores);
    if (result_.stores.size() >= options_.policy.needed) return;
    if (failure_) throw std::move(*failure_);
    throw Error(ErrorKind::unreachable,
                fmt::format("{} is in {} stores, wal.acknowledge asks for {}", writer_.file().name.text,
                            result_.stores.size(), options_.policy.needed));
  }

  WalWriter& writer_;
  repository::StoreSet& stores_;
  const PushOptions& options_;
  std::stop_token stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t finished_ = 0;
  PushResult result_;
  std::optional<Error> failure_;
};

}  // namespace

PushResult push(const std::filesystem::path& file, const std::filesystem::path& data_directory,
                repository::StoreSet& stores, const crypto::HostKeys& keys, const Enrolments& enrolments,
                const PushOptions& options, Clock& clock, Random& random, Monitor& monitor, std::stop_token stop) {
  const auto source = open_wal_source(file, data_directory, clock);
  WalFileReader reader(keys, options.zstd_level);
  WalWriter writer(reader.read(source, search_unfinished(stores, keys, monitor, stop)), keys, clock, random, monitor);
  require_admission(source, enrolments, stores, stop);
  return Push(writer, stores, options, stop).run();
}

}  // namespace owl::wal
