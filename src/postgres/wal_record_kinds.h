#pragma once

#include <cstdint>

// Resource managers (rmgrlist.h) and those of their kinds of records that are looked into. The upper four bits of a
// record's info byte belong to its resource manager; of the lower four, one matters here.

namespace owl::postgres {

namespace rm {
inline constexpr std::uint8_t xlog = 0, transaction = 1, storage = 2, database = 4, tablespace = 5, heap = 10,
                              last_built_in = 21, first_custom = 128;
}  // namespace rm

inline constexpr std::uint8_t kind_mask = 0xf0;
inline constexpr std::uint8_t special_relation_update = 0x01;  ///< XLR_SPECIAL_REL_UPDATE

namespace xlog {  // catalog/pg_control.h
inline constexpr std::uint8_t checkpoint_shutdown = 0x00, checkpoint_online = 0x10, segment_switch = 0x40,
                              parameter_change = 0x60, restore_point = 0x70, full_page_writes_change = 0x80,
                              end_of_recovery = 0x90, overwrite_contrecord = 0xd0, checkpoint_redo = 0xe0;
}  // namespace xlog
namespace xact {  // access/xact.h
inline constexpr std::uint8_t operation_mask = 0x70, has_info = 0x80;
inline constexpr std::uint8_t commit = 0x00, abort = 0x20, commit_prepared = 0x30, abort_prepared = 0x40;
inline constexpr std::uint32_t has_database = 1, has_subtransactions = 2, has_relations = 4, has_invalidations = 8,
                               has_twophase = 16, has_dropped_stats = 256;
}  // namespace xact
namespace smgr {  // catalog/storage_xlog.h
inline constexpr std::uint8_t create = 0x10, truncate = 0x20;
}  // namespace smgr
namespace dbase {  // commands/dbcommands_xlog.h; 15 put "create by WAL" between the two that there were
inline constexpr std::uint8_t create = 0x00, create_by_wal = 0x10, drop = 0x20, drop_before_15 = 0x10;
}  // namespace dbase
namespace tblspc {  // commands/tablespace.h
inline constexpr std::uint8_t create = 0x00, drop = 0x10;
}  // namespace tblspc
namespace heap {  // access/heapam_xlog.h
inline constexpr std::uint8_t operation_mask = 0x70, remove = 0x10, truncate = 0x30;
}  // namespace heap

}  // namespace owl::postgres
