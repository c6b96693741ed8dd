#include "wal/prefetcher.h"

#include <algorithm>
#include <utility>

namespace owl::wal {
namespace {

constexpr std::size_t deepest = 32;

std::size_t depth_of(const PrefetchOptions& options) {
  return options.segment_size == 0 ? 0 : std::min<std::size_t>(deepest, options.memory_bytes / options.segment_size);
}

}  // namespace

Prefetcher::Prefetcher(Fetcher& fetcher, PrefetchOptions options)
    : fetcher_(fetcher), options_(std::move(options)), depth_(depth_of(options_)) {
  for (unsigned i = 0; depth_ > 0 && i < options_.workers; ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

Prefetcher::~Prefetcher() {
  for (auto& worker : workers_) worker.request_stop();
}

std::optional<Bytes> Prefetcher::fetch(const std::string& file_name, std::stop_token stop) {
  look_ahead(file_name);
  if (auto bytes = take(file_name, stop)) return bytes;
  return fetcher_.fetch(file_name, std::move(stop));
}

std::optional<std::string> Prefetcher::next_of(const std::string& file_name) const {
  const auto segment = postgres::parse_segment_name(file_name, options_.segment_size);
  if (!segment) return std::nullopt;
  const std::uint64_t number = segment->number + 1;
  const postgres::Lsn last_byte{(number + 1) * options_.segment_size - 1};
  return postgres::to_file_name({options_.path.at(last_byte), number}, options_.segment_size);
}

/// Forgets what recovery has left behind, and wants the next `depth_` files.
void Prefetcher::look_ahead(const std::string& file_name) {
  if (depth_ == 0 || file_name.size() != 24) return;
  const std::lock_guard lock(mutex_);
  std::vector<std::string> next;
  for (auto name = next_of(file_name); name && next.size() < depth_; name = next_of(*name)) next.push_back(*name);
  const auto stale = [&](const std::string& name) {
    return name != file_name && std::ranges::find(next, name) == next.end();
  };
  std::erase_if(ahead_, [&](const auto& entry) { return stale(entry.first); });
  std::erase_if(wanted_, stale);
  for (const auto& name : next) {
    if (ahead_.try_emplace(name, nullptr).second) wanted_.push_back(name);
  }
  changed_.notify_all();
}

/// Waits for a file that is on its way already. nullopt: it is not, or did not arrive.
std::optional<Bytes> Prefetcher::take(const std::string& file_name, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  ++state_.asked;
  const auto found = ahead_.find(file_name);
  if (found == ahead_.end()) return std::nullopt;
  const auto entry = found->second;
  if (!entry) {  // no worker has begun with it: asking at once is quicker
    std::erase(wanted_, file_name);
    ahead_.erase(found);
    return std::nullopt;
  }
  if (entry->done && entry->bytes) ++state_.ready;
  changed_.wait(lock, stop, [&] { return entry->done; });
  ahead_.erase(file_name);
  return std::exchange(entry->bytes, std::nullopt);
}

void Prefetcher::work(const std::stop_token& stop) {
  while (true) {
    std::string name;
    const auto entry = std::make_shared<Ahead>();
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return !wanted_.empty(); }) || stop.stop_requested()) return;
      name = std::move(wanted_.front());
      wanted_.pop_front();
      ahead_[name] = entry;
    }
    std::optional<Bytes> bytes;
    try {
      bytes = fetcher_.fetch(name, stop);
    } catch (const Error&) {
      // The server will ask, and be told then.
    }
    const std::lock_guard lock(mutex_);
    entry->done = true;
    entry->bytes = std::move(bytes);
    changed_.notify_all();
  }
}

Prefetcher::State Prefetcher::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace owl::wal
