#include "wal/piece_writer.h"

#include <fmt/core.h>

#include <array>
#include <functional>
#include <optional>
#include <thread>

#include "base/units.h"
#include "crypto/names.h"
#include "repository/object_keys.h"
#include "storage/write_once.h"
#include "wal/wal_object.h"

namespace owl::wal {
namespace {

/// A stop that comes by itself after a while, or with the caller's.
class Deadline {
 public:
  Deadline(Clock& clock, std::chrono::nanoseconds after, const std::stop_token& parent)
      : link_(parent, [this] { source_.request_stop(); }), timer_([this, &clock, after](std::stop_token finished) {
          if (clock.sleep(after, std::move(finished))) source_.request_stop();
        }) {}
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> link_;
  std::jthread timer_;
};

}  // namespace

PieceWriter::PieceWriter(repository::StoreSet& stores, const crypto::HostKeys& keys, const PieceOptions& options,
                         Clock& clock, Random& random)
    : keys_(keys), options_(options), clock_(clock), random_(random) {
  for (auto& member : stores.alive()) targets_.push_back({member, std::make_unique<storage::CircuitBreaker>()});
}

std::uint64_t PieceWriter::write(const StreamBuffer::Cut& cut, const std::stop_token& stop) {
  WalInfo info;
  info.system_id = options_.system_id;
  info.file_name = postgres::to_file_name(cut.segment, options_.segment_size);
  info.plain_size = cut.plain.size();
  info.tag = crypto::Namer(keys_.wal_naming).name(crypto::BlobKind::wal, cut.plain);
  const auto key =
      repository::keys::open_piece({std::to_string(info.system_id), info.file_name, cut.start,
                                    cut.start + static_cast<std::uint32_t>(cut.plain.size()), random_.array<8>()});
  const auto object = build_wal_object(keys_, key, info, cut.plain, options_.zstd_level, random_);
  std::size_t stored = 0;
  std::optional<Error> failure;
  for (auto& target : targets_) {
    if (stored >= options_.stores) break;
    if (!target.breaker->allows(clock_.monotonic())) continue;
    try {
      if (!target.checked && options_.check) options_.check(target.member);
      target.checked = true;
      put(target, key, object, stop);
      target.breaker->succeeded();
      ++stored;
    } catch (const Error& error) {
      target.breaker->failed(clock_.monotonic(), error.what());
      target.checked = false;
      if (stop.stop_requested()) throw;
      failure = Error(error).with_context(fmt::format("store {}", target.member.name));
    }
  }
  if (stored >= options_.stores) return object.head.size() + object.payload.size() + object.footer.size();
  if (failure) throw std::move(*failure);
  throw Error(ErrorKind::unreachable, fmt::format("{} of {} stores answer, wal.open_stores asks for {}", stored,
                                                  targets_.size(), options_.stores));
}

void PieceWriter::put(Target& target, const std::string& key, const BuiltWalObject& object,
                      const std::stop_token& stop) {
  const Deadline deadline(clock_, options_.timeout, stop);
  const std::array<ByteView, 3> pieces{object.head, object.payload, object.footer};
  try {
    // Nobody else draws this key: that it is taken means that it is ours.
    storage::create(*target.member.store, clock_, key, pieces, wal_header_size, object.sha256, deadline.token());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::cancelled || stop.stop_requested()) throw;
    throw Error(ErrorKind::timeout, fmt::format("no answer within {}", format_duration(options_.timeout)));
  }
}

}  // namespace owl::wal
