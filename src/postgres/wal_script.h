#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "postgres/wal_builder.h"

namespace owl::postgres {

/// WAL with the records that recovery planning looks at, for tests. Each function gives where its record begins.
class WalScript : public WalBuilder {
 public:
  using WalBuilder::WalBuilder;

  Lsn commit(TransactionId xid, Timestamp time) { return transaction_end(0x00, xid, time); }
  Lsn abort(TransactionId xid, Timestamp time) { return transaction_end(0x20, xid, time); }
  Lsn restore_point(std::string_view name, Timestamp time) {
    Bytes data;
    BinaryWriter(data).u64(postgres_time(time));
    append(data, as_bytes(name));
    data.resize(8 + 64);
    return add({.resource_manager = 0, .info = 0x70, .xid = 0, .main_data = std::move(data)});
  }
  Lsn tablespace_create(Oid oid, std::string_view path) {
    Bytes data;
    BinaryWriter(data).u32(oid);
    append(data, as_bytes(path));
    data.push_back(0);
    return add({.resource_manager = 5, .info = 0x00, .main_data = std::move(data)});
  }
  /// 0 minimal, 1 replica, 2 logical
  Lsn parameter_change(std::uint32_t wal_level) {
    Bytes data;
    BinaryWriter out(data);
    for (const std::uint32_t value : {100u, 8u, 10u, 0u, 64u, wal_level}) out.u32(value);
    data.resize(data.size() + 2);
    return add({.resource_manager = 0, .info = 0x60, .xid = 0, .main_data = std::move(data)});
  }
  /// The next record begins so close to the segment's end that only its first `left` bytes stand in it.
  void fill_segment_until(std::size_t left) {
    while (segment_size - position().value % segment_size > page_size) add_sized(4000);
    fill_page_until(left);
  }

 private:
  static std::uint64_t postgres_time(Timestamp time) {
    return static_cast<std::uint64_t>(time.micros - postgres_epoch_micros);
  }
  Lsn transaction_end(std::uint8_t info, TransactionId xid, Timestamp time) {
    Bytes data;
    BinaryWriter(data).u64(postgres_time(time));
    return add({.resource_manager = 1, .info = info, .xid = xid, .main_data = std::move(data)});
  }
};

}  // namespace owl::postgres
