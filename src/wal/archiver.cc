#include "wal/archiver.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "wal/admission.h"
#include "wal/unfinished_search.h"

namespace owl::wal {
namespace {

constexpr std::size_t most_tasks = 64, segment_name_size = 24;
constexpr std::chrono::seconds failures_are_kept{10}, told_is_kept{30};

FileMark mark_of(const WalSource& source) {
  struct ::stat status {};
  if (::fstat(source.file.get(), &status) != 0) {
    const int error = errno;
    throw Error(kind_of_errno(error), fmt::format("can't look at {}", source.path)).with_errno(error);
  }
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
          status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

}  // namespace

Archiver::Archiver(repository::StoreSet& stores, const crypto::HostKeys& keys, const ArchiverOptions& options,
                   Clock& clock, Random& random, Monitor& monitor)
    : stores_(stores),
      keys_(keys),
      options_(options),
      clock_(clock),
      random_(random),
      monitor_(monitor),
      memory_(options.memory_bytes),
      tasks_(most_tasks) {
  if (!options_.spool.empty()) spool_ = std::make_unique<Spool>(options_.spool, options_.spool_bytes);
  for (auto& member : stores.alive()) {
    lanes_.push_back(std::make_unique<StoreLane>(member, options_.lane, clock_, monitor_));
  }
  for (unsigned i = 0; i < std::max(1u, options_.workers); ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

Archiver::~Archiver() {
  tasks_.close();
  for (auto& worker : workers_) worker.request_stop();
  workers_.clear();  // before the lanes, which they feed
  lanes_.clear();
}

PushResult Archiver::archive(WalSource source, std::stop_token stop) {
  const std::string name = source.name;
  try {
    const auto job = take_on(std::move(source), {}, stop);
    const auto result = job->wait(options_.patience, stop);
    note_outcome(name, &result, nullptr);
    return result;
  } catch (const Error& error) {
    note_outcome(name, nullptr, &error);
    throw;
  }
}

void Archiver::begin(WalSource source, std::function<bool()> still_there) {
  (void)take_on(std::move(source), std::move(still_there), {});
}

/// The job that archives exactly this file: one that runs or has succeeded, else a new one.
std::shared_ptr<ArchiveJob> Archiver::take_on(WalSource source, std::function<bool()> still_there,
                                              std::stop_token stop) {
  const auto mark = mark_of(source);
  const std::string name = source.name;
  std::shared_ptr<ArchiveJob> job;
  {
    const std::lock_guard lock(mutex_);
    const auto found = begun_.find(name);
    const bool usable = found != begun_.end() && found->second.job->mark() == mark &&
                        found->second.job->state() != ArchiveJob::State::failed;
    if (usable) return found->second.job;
    job = std::make_shared<ArchiveJob>(mark, options_.policy);
    begun_[name] = {job, clock_.monotonic()};
  }
  Task task{name, job, std::move(source), std::move(still_there)};
  if (!tasks_.push(std::move(task), std::move(stop))) job->failed(Error(ErrorKind::cancelled, "the WAL service ends"));
  return job;
}

void Archiver::work(const std::stop_token& stop) {
  WalFileReader reader(keys_, options_.zstd_level);
  while (auto task = tasks_.pop(stop)) run(*task, reader, stop);
}

void Archiver::run(Task& task, WalFileReader& reader, const std::stop_token& stop) {
  try {
    if (!task.source.admitted) require_admission(task.source, Enrolments(options_.state_directory), stores_, stop);
    // The plain segment, and as much again for what it is compressed to.
    const auto ticket = memory_.take(2 * task.job->mark().size, stop);
    auto file = reader.read(task.source, search_unfinished(stores_, keys_, monitor_, stop));
    if (task.still_there && !task.still_there()) {
      return task.job->failed(
          Error(ErrorKind::not_found, fmt::format("{} was archived by somebody else meanwhile", task.name)));
    }
    task.source.file.reset();
    if (file.content.unproven) note_unproven();
    auto writer = std::make_unique<WalWriter>(std::move(file), keys_, clock_, random_, monitor_);
    task.job->begin_storing(std::move(writer), lanes_.size());
    spool_if_needed(*task.job, stop);
    for (auto& lane : lanes_) lane->add(task.job);
  } catch (const Error& error) {
    task.job->failed(error);
  }
}

void Archiver::note_unproven() {
  const std::lock_guard lock(mutex_);
  ++state_.unproven;
}

/// Are fewer stores left than the policy asks for, as far as their circuit breakers know?
bool Archiver::stores_are_away() const {
  const auto answering = std::ranges::count_if(lanes_, [](const auto& lane) { return !lane->state().breaker.open; });
  return static_cast<std::size_t>(answering) < options_.policy.needed;
}

void Archiver::spool_if_needed(ArchiveJob& job, const std::stop_token& stop) {
  if (!spool_ || !stores_are_away()) return;
  const auto name = job.writer().file().name.text;
  if (spool_->take(job.writer(), stop)) {
    monitor_.warning(fmt::format("{} is in the local spool alone: it is lost if this host is", name));
    job.spooled();
  } else {
    monitor_.warning(fmt::format("the local spool is full: {} waits in pg_wal", name));
  }
}

bool Archiver::has_begun(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (told_.contains(name)) return true;
  const auto found = begun_.find(name);
  if (found == begun_.end()) return false;
  const bool failed = found->second.job->state() == ArchiveJob::State::failed;
  return !failed || clock_.monotonic() - found->second.since < failures_are_kept;
}

bool Archiver::is_under_way(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = begun_.find(name);
  return found != begun_.end() && found->second.job->state() == ArchiveJob::State::running;
}

std::vector<std::string> Archiver::acknowledged() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [timeline, segment] : acknowledged_) out.push_back(segment);
  return out;
}

void Archiver::keep_only(const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  std::erase_if(begun_, [&](const auto& entry) {
    const bool running = entry.second.job->state() == ArchiveJob::State::running;
    return !running && std::ranges::find(names, entry.first) == names.end();
  });
  const auto now = clock_.monotonic();
  std::erase_if(told_, [&](const auto& entry) { return now - entry.second > told_is_kept; });
}

void Archiver::note_outcome(const std::string& name, const PushResult* result, const Error* error) {
  const std::lock_guard lock(mutex_);
  const auto found = begun_.find(name);
  const bool over = found != begun_.end() && found->second.job->state() != ArchiveJob::State::running;
  if (over) begun_.erase(found);
  if (error != nullptr) {
    state_.last_error = fmt::format("{}: {}", name, error->what());
    ++state_.failed;
    return;
  }
  told_[name] = clock_.monotonic();
  if (name.size() == segment_name_size) {
    auto& greatest = acknowledged_[name.substr(0, 8)];  // of its timeline; names sort as segments do
    greatest = std::max(greatest, name);
  }
  state_.last_error.clear();
  state_.last_archived = name;
  state_.last_time = clock_.now();
  ++state_.archived;
  state_.plain_bytes += result->plain_bytes;
  state_.stored_bytes += result->stored_bytes;
}

Archiver::State Archiver::state() {
  const std::lock_guard lock(mutex_);
  State out = state_;
  for (const auto& [name, begun] : begun_) {
    const auto state = begun.job->state();
    if (state == ArchiveJob::State::running) ++out.running;
    if (state == ArchiveJob::State::archived) ++out.waiting_to_be_asked;
  }
  return out;
}

}  // namespace owl::wal
