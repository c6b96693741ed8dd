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
/// pg_database.h, pg_index.h, pg_inherits.h, pg_depend.h (13 to 18 alike, as far as they are read here).

inline constexpr Oid pg_class_oid = 1259, pg_database_oid = 1262, pg_depend_oid = 2608, pg_index_oid = 2610,
                     pg_inherits_oid = 2611, pg_largeobject_oid = 2613, pg_namespace_oid = 2615;
/// What initdb makes has a smaller one (FirstNormalObjectId, access/transam.h).
inline constexpr Oid first_normal_oid = 16384;

/// Of a row of pg_class.
struct CatalogRelation {
  Oid oid = 0, schema = 0;
  Oid file = 0;        ///< relfilenode; 0: mapped, see mapped_file
  Oid tablespace = 0;  ///< 0: the database's own
  Oid toast = 0;       ///< its TOAST table; 0: none
  std::string name;
};
std::vector<CatalogRelation> read_pg_class(ByteView pages, std::uint32_t block_size, int major);

/// Of a row of a catalogue that begins with oid and name: pg_namespace, pg_database.
struct CatalogName {
  Oid oid = 0;
  std::string name;
  bool live = true;  ///< no transaction updated or deleted this row, as far as the row itself tells
};
std::vector<CatalogName> read_catalog_names(ByteView pages, std::uint32_t block_size);

/// One relation of another, by oid.
struct CatalogPair {
  Oid of = 0, relation = 0;
};
std::vector<CatalogPair> read_pg_index(ByteView pages, std::uint32_t block_size);     ///< indexes of tables
std::vector<CatalogPair> read_pg_inherits(ByteView pages, std::uint32_t block_size);  ///< children of parents
/// Sequences that belong to a column (serial, identity) of tables.
std::vector<CatalogPair> read_owned_sequences(ByteView pages, std::uint32_t block_size);

/// The file that pg_filenode.map (relmapper.c) gives to a catalogue; nullopt: it names none, or is no such map.
std::optional<Oid> mapped_file(ByteView map, Oid catalogue);
/// All files that it names.
std::vector<Oid> mapped_files(ByteView map);

}  // namespace owl::postgres
