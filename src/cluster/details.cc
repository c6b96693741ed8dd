#include "cluster/details.h"

#include "base/binary.h"

namespace owl::cluster {
namespace {

constexpr std::uint8_t details_version = 2;  // 1 ended with pages_read

/// One list of the fields for both directions, so that they can't drift apart.
template <typename Archive, typename Details>
void all_fields(Archive& a, Details& d, std::uint8_t version) {
  a.number(d.version);
  a.number(d.system_id);
  a.number(d.control_version);
  a.number(d.catalog_version);
  a.number(d.block_size);
  a.number(d.relation_segment_blocks);
  a.number(d.wal_segment_size);
  a.number(d.wal_block_size);
  a.flag(d.checksums);
  a.flag(d.from_standby);
  a.number(d.timeline);
  a.number(d.start.value);
  a.number(d.checkpoint.value);
  a.number(d.stop.value);
  a.number(d.start_time.micros);
  a.text(d.label_file);
  a.text(d.tablespace_map);
  a.list(d.tablespaces, [&](auto& t) {
    a.number(t.oid);
    a.text(t.location);
  });
  a.list(d.settings, [&](auto& s) {
    a.text(s.name);
    a.text(s.value);
    a.text(s.source);
    a.text(s.source_file);
  });
  a.number(d.max_connections);
  a.number(d.max_worker_processes);
  a.number(d.max_wal_senders);
  a.number(d.max_prepared_transactions);
  a.number(d.max_locks_per_transaction);
  a.text(d.architecture);
  a.text(d.collation_version);
  a.text(d.owner);
  a.text(d.superuser);
  a.text(d.data_directory);
  a.number(d.bad_pages);
  a.number(d.pages_read);
  if (version < 2) return;
  a.text(d.base);
  a.text(d.full_reason);
  a.number(d.pages_total);
  a.number(d.pages_audited);
  a.text(d.map_fault);
  a.number(d.stop_record.lsn.value);
  a.number(d.stop_record.crc);
}

struct Saving {
  BinaryWriter out;
  template <typename T>
  void number(T value) {
    out.varint(static_cast<std::uint64_t>(value));
  }
  void flag(bool value) { out.u8(value ? 1 : 0); }
  void text(const std::string& value) { out.text(value); }
  template <typename T, typename Each>
  void list(const std::vector<T>& items, Each each) {
    out.varint(items.size());
    for (const auto& item : items) each(item);
  }
};

struct Loading {
  BinaryReader in;
  template <typename T>
  void number(T& value) {
    value = static_cast<T>(in.varint());
  }
  void flag(bool& value) { value = in.u8() != 0; }
  void text(std::string& value) { value = in.text(); }
  template <typename T, typename Each>
  void list(std::vector<T>& items, Each each) {
    const auto count = in.count(2);
    for (std::size_t i = 0; i < count && in.ok(); ++i) each(items.emplace_back());
  }
};

}  // namespace

Bytes serialize(const ClusterDetails& details) {
  Bytes bytes;
  Saving saving{BinaryWriter(bytes)};
  saving.out.u8(details_version);
  all_fields(saving, details, details_version);
  return bytes;
}

Result<ClusterDetails> parse_cluster_details(ByteView bytes) {
  Loading loading{BinaryReader(bytes)};
  const auto version = loading.in.u8();
  if (version < 1 || version > details_version) return bad_format("a cluster backup of an unknown version");
  ClusterDetails details;
  all_fields(loading, details, version);
  if (auto end = loading.in.finish("the cluster section of a manifest"); !end) return tl::unexpected(end.error());
  return details;
}

}  // namespace owl::cluster
