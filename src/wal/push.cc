#include "wal/push.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/units.h"
#include "os/file.h"
#include "postgres/control_file.h"
#include "repository/object_keys.h"
#include "storage/write_once.h"

namespace owl::wal {

namespace keys = repository::keys;

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

constexpr unsigned most_copies = 10;

/// One file on its way into the archive.
class Push {
 public:
  Push(const std::filesystem::path& file, const std::filesystem::path& data_directory, repository::StoreSet& stores,
       const crypto::HostKeys& host_keys, const PushOptions& options, Clock& clock, Random& random, Monitor& monitor,
       std::stop_token stop)
      : file_(file),
        data_directory_(data_directory),
        stores_(stores),
        keys_(host_keys),
        options_(options),
        clock_(clock),
        random_(random),
        monitor_(monitor),
        stop_(stop),
        name_(value_or_throw(postgres::parse_wal_file_name(file.filename().string()))) {}

  PushResult run(const Enrolments& enrolments) {
    read();
    require_enrolment(enrolments);
    object_ =
        build_wal_object(keys_, keys::wal_object(system(), name_.text), info_, plain_, options_.zstd_level, random_);
    result_.plain_bytes = plain_.size();
    result_.stored_bytes = object_.head.size() + object_.payload.size() + object_.footer.size();
    result_.outcome = PushOutcome::already_stored;
    store_everywhere();
    require_policy();
    return result_;
  }

 private:
  std::string system() const { return std::to_string(info_.system_id); }

  /// Once, into one buffer: the file may be recycled under another name as soon as one store has acknowledged it.
  void read() {
    constexpr std::uint64_t largest = 1 * GiB;
    plain_ = os::read_file(file_, largest);
    const auto control = postgres::read_control_file(data_directory_, clock_).parsed;
    info_.system_id = control.system_id;
    info_.file_name = name_.text;
    info_.plain_size = plain_.size();
    if (name_.kind == postgres::WalFileKind::segment || name_.kind == postgres::WalFileKind::partial_segment) {
      check_segment(control);
    }
    info_.tag = crypto::Namer(keys_.wal_naming).name(crypto::BlobKind::wal, plain_);
  }

  void check_segment(const postgres::ControlFile& control) {
    const auto id = value_or_throw(postgres::parse_segment_name(name_.segment_text, control.wal_segment_size));
    if (plain_.size() != control.wal_segment_size) {
      throw Error(ErrorKind::refused, fmt::format("{} has {} bytes, a WAL segment of this cluster has {}",
                                                  file_.string(), plain_.size(), control.wal_segment_size))
          .with_hint("It was cut short by a full disk or by a copy; PostgreSQL will offer it again.");
    }
    auto header = postgres::check_segment(plain_, id);
    if (!header)
      throw Error(ErrorKind::refused,
                  fmt::format("{} is not {}: {}", file_.string(), name_.text, header.error().message()));
    if (header->system_id != control.system_id) {
      throw Error(ErrorKind::conflict,
                  fmt::format("{} was written by another cluster (system id {}, this data directory is {})",
                              file_.string(), header->system_id, control.system_id));
    }
    info_.segment = describe_segment(plain_, id, *header);
  }

  /// A cluster that was restored or cloned must not write into the timeline of the one that it came from: its first
  /// sign is a timeline that the archive has not seen.
  void require_enrolment(const Enrolments& enrolments) {
    if (enrolments.covers(data_directory_, info_.system_id)) return;
    const bool history = name_.kind == postgres::WalFileKind::history;
    if (!history && timeline_known()) return;
    throw Error(
        ErrorKind::refused,
        fmt::format("{} begins {} and the data directory {} is not enrolled: this may be a restored or cloned cluster",
                    name_.text, history ? "a new timeline" : "a timeline that the archive does not know",
                    data_directory_.string()))
        .with_hint(
            "If this cluster is the one to archive from now on: `owlbackup doctor --enrol`. If it is a copy: set "
            "archive_mode = off.");
  }

  bool timeline_known() {
    bool known = false;
    stores_.on_any([&](repository::StoreSet::Member& member) {
      known = false;
      member.store->list(
          keys::wal_timeline(system(), name_.timeline), "", [&](const auto&) { return !(known = true); }, stop_);
    });
    return known;
  }

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
      outcome = store_in(member, stop);
    } catch (const Error& error) {
      failure = error.kind() == ErrorKind::cancelled && !stop_.stop_requested() ? no_answer() : error;
    }
    std::lock_guard lock(mutex_);
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
    if (!failure_ || worse)
      failure_ = Error(error).with_context(fmt::format("archiving {} in store {}", name_.text, member.name));
  }

  /// Creates the object, or proves that the same bytes stand there whole. A damaged one gets a copy beside it.
  PushOutcome store_in(repository::StoreSet::Member& member, std::stop_token stop) {
    for (unsigned copy = 0; copy < most_copies; ++copy) {
      const auto key = keys::wal_object(system(), name_.text, copy);
      const auto& object = copy == 0 ? object_ : rebuilt(key);
      const std::array<ByteView, 3> pieces{object.head, object.payload, object.footer};
      const auto created = storage::create(*member.store, clock_, key, pieces, wal_header_size, object.sha256, stop);
      if (created == storage::CreateResult::created) return PushOutcome::stored;
      if (same_bytes_stand_there(member, key, stop)) return PushOutcome::already_stored;
    }
    throw Error(ErrorKind::integrity,
                fmt::format("{} damaged copies of {} stand in store {}", most_copies, name_.text, member.name));
  }

  const BuiltWalObject& rebuilt(const std::string& key) {
    std::lock_guard lock(copy_mutex_);
    auto [at, is_new] = copies_.try_emplace(key);
    if (is_new) at->second = build_wal_object(keys_, key, info_, plain_, options_.zstd_level, random_);
    return at->second;
  }

  bool same_bytes_stand_there(repository::StoreSet::Member& member, const std::string& key, std::stop_token stop) {
    const auto object = member.store->get(key, stop);
    if (!object)
      throw Error(ErrorKind::transient, fmt::format("{} was there and is gone in store {}", key, member.name));
    std::optional<WalInfo> stored;
    try {
      stored = check_wal_object(keys_, key, *object);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::integrity) throw;
      monitor_.warning(fmt::format("store {}: {}; a good copy is stored beside it", member.name, error.message()));
      return false;
    }
    if (stored->tag == info_.tag && stored->system_id == info_.system_id && stored->plain_size == info_.plain_size)
      return true;
    throw Error(ErrorKind::conflict, fmt::format("other bytes are archived already under the name {}", name_.text))
        .with_hint(
            "One of three things happened: another cluster archives into this repository under the same system id; "
            "this "
            "is a clone or a rolled-back snapshot of the cluster that archived it (set archive_mode = off, or enrol it "
            "under a new timeline by promoting it); or WAL was lost in a crash with fsync off. Nothing was "
            "overwritten.");
  }

  void require_policy() {
    std::ranges::sort(result_.stores);
    if (result_.stores.size() >= options_.policy.needed) return;
    if (failure_) throw std::move(*failure_);
    throw Error(ErrorKind::unreachable, fmt::format("{} is in {} stores, wal.acknowledge asks for {}", name_.text,
                                                    result_.stores.size(), options_.policy.needed));
  }

  const std::filesystem::path& file_;
  const std::filesystem::path& data_directory_;
  repository::StoreSet& stores_;
  const crypto::HostKeys& keys_;
  const PushOptions& options_;
  Clock& clock_;
  Random& random_;
  Monitor& monitor_;
  std::stop_token stop_;
  postgres::WalFileName name_;
  Bytes plain_;
  WalInfo info_;
  BuiltWalObject object_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t finished_ = 0;
  std::mutex copy_mutex_;
  std::map<std::string, BuiltWalObject> copies_;
  PushResult result_;
  std::optional<Error> failure_;
};

}  // namespace

PushResult push(const std::filesystem::path& file, const std::filesystem::path& data_directory,
                repository::StoreSet& stores, const crypto::HostKeys& host_keys, const Enrolments& enrolments,
                const PushOptions& options, Clock& clock, Random& random, Monitor& monitor, std::stop_token stop) {
  return Push(file, data_directory, stores, host_keys, options, clock, random, monitor, stop).run(enrolments);
}

}  // namespace owl::wal
