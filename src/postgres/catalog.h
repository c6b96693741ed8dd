#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "postgres/types.h"

namespace owl::postgres {

/// Catalogues as files, for when no server is there that could be asked: of a backup, what a table was called. A file
/// is read without knowledge of transactions, so every version of every row that still stands on a page is told, those
/// of deleted rows and of transactions that never committed among them. What can't be a row is passed over: pages of a
/// backup may be from the middle of a change. Sources: access/htup_details.h, catalog/pg_class.h, pg_namespace.h,
/// pg_database.h (13 to 18 alike, as far as they are read here).

inline constexpr Oid pg_class_oid = 1259, pg_database_oid = 1262, pg_namespace_oid = 2615;

/// Of a row of pg_class.
struct CatalogRelation {
  Oid oid = 0, schema = 0;
  Oid file = 0;        ///< relfilenode; 0: mapped, see mapped_file
  Oid tablespace = 0;  ///< 0: the database's own
  std::string name;
};
std::vector<CatalogRelation> read_pg_class(ByteView pages, std::uint32_t block_size);

/// Of a row of a catalogue that begins with oid and name: pg_namespace, pg_database.
struct CatalogName {
  Oid oid = 0;
  std::string name;
  bool live = true;  ///< no transaction updated or deleted this row, as far as the row itself tells
};
std::vector<CatalogName> read_catalog_names(ByteView pages, std::uint32_t block_size);

/// The file that pg_filenode.map (relmapper.c) gives to a catalogue; nullopt: it names none, or is no such map.
std::optional<Oid> mapped_file(ByteView map, Oid catalogue);

}  // namespace owl::postgres
