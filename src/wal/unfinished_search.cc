#include "wal/unfinished_search.h"

#include <fmt/core.h>

#include <utility>

#include "wal/fetcher.h"
#include "wal/forerunner.h"

namespace owl::wal {

FindUnfinished search_unfinished(repository::StoreSet& stores, const crypto::HostKeys& keys, Monitor& monitor,
                                 std::stop_token stop) {
  return [&stores, &keys, &monitor, stop = std::move(stop)](
             const WalSource& source, ByteView plain,
             const postgres::SegmentHeader& header) -> std::optional<postgres::UnfinishedRecord> {
    if (!record_continues_into(plain)) return std::nullopt;
    try {
      if (source.read_before) {
        if (auto found = unfinished_before(plain, header, source.read_before)) return found;
      }
      if (!source.wal_folder.empty()) {
        if (auto found = unfinished_in_folder(plain, header, source.wal_folder)) return found;
      }
      Fetcher fetcher(stores, keys, {}, {source.control.system_id, std::nullopt, header.segment_size});
      return unfinished_in_archive(header, [&](const std::string& name) { return fetcher.info(name, stop); });
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      monitor.note(fmt::format("what {} begins with is not known: {}", source.name, error.message()));
      return std::nullopt;
    }
  };
}

}  // namespace owl::wal
