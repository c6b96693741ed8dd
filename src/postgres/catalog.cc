#include "postgres/catalog.h"

#include <algorithm>
#include <functional>

#include "codec/page_layout.h"
#include "postgres/layout.h"

namespace owl::postgres {
namespace {

namespace lp = codec::line_pointer;
namespace page_at = codec::page_at;

constexpr std::size_t tuple_header = 23, name_bytes = 64;  // SizeofHeapTupleHeader, NAMEDATALEN

/// The tuple that a line pointer means, header and all; empty: none.
ByteView tuple_at(ByteView page, std::size_t pointer_at) {
  const auto pointer = field<std::uint32_t>(page, pointer_at);
  const std::size_t offset = lp::offset_of(pointer), length = lp::length_of(pointer);
  const bool fits = lp::flags_of(pointer) == lp::normal && length >= tuple_header && offset >= page_at::items &&
                    offset + length <= page.size();
  return fits ? page.subspan(offset, length) : ByteView{};
}

/// Was it never updated nor deleted? HEAP_XMAX_INVALID says so, and so does no t_xmax at all.
bool is_live(ByteView tuple) {
  constexpr std::size_t xmax_at = 4, infomask_at = 20;
  constexpr std::uint16_t xmax_invalid = 0x0800;
  return field<std::uint32_t>(tuple, xmax_at) == 0 || (field<std::uint16_t>(tuple, infomask_at) & xmax_invalid) != 0;
}

/// Columns of every tuple that has at least so many bytes of them.
void for_each_tuple(ByteView pages, std::uint32_t block_size, std::size_t least,
                    const std::function<void(ByteView columns, bool live)>& use) {
  constexpr std::size_t header_size_at = 22;
  for (; pages.size() >= block_size; pages = pages.subspan(block_size)) {
    const auto page = pages.first(block_size);
    const std::size_t end = std::min<std::size_t>(field<std::uint16_t>(page, page_at::lower), block_size);
    for (std::size_t at = page_at::items; at + 4 <= end; at += 4) {
      const auto tuple = tuple_at(page, at);
      if (tuple.empty()) continue;
      const std::size_t header = tuple[header_size_at];
      if (header < tuple_header || header + least > tuple.size()) continue;
      use(tuple.subspan(header), is_live(tuple));
    }
  }
}

/// NameData: padded with zeros.
std::string name_at(ByteView columns, std::size_t at) {
  const auto* begin = reinterpret_cast<const char*>(columns.data()) + at;
  return {begin, std::find(begin, begin + name_bytes, '\0')};
}

std::vector<CatalogPair> read_pairs(ByteView pages, std::uint32_t block_size, std::size_t of_at,
                                    std::size_t relation_at) {
  std::vector<CatalogPair> out;
  for_each_tuple(pages, block_size, std::max(of_at, relation_at) + sizeof(Oid), [&](ByteView columns, bool) {
    out.push_back({field<Oid>(columns, of_at), field<Oid>(columns, relation_at)});
  });
  return out;
}

/// RelMapFile: the catalogue, then its file. Empty: no such map.
std::vector<CatalogPair> read_map(ByteView map) {
  constexpr std::uint32_t magic = 0x592717;
  constexpr std::size_t first = 8, each = 8;
  if (map.size() < first || field<std::uint32_t>(map, 0) != magic) return {};
  std::vector<CatalogPair> out;
  const std::size_t count = field<std::uint32_t>(map, 4);
  for (std::size_t i = 0, at = first; i < count && at + each <= map.size(); ++i, at += each) {
    out.push_back({field<Oid>(map, at), field<Oid>(map, at + 4)});
  }
  return out;
}

}  // namespace

std::vector<CatalogRelation> read_pg_class(ByteView pages, std::uint32_t block_size, int major) {
  // oid, relname, relnamespace, reltype, reloftype, relowner, relam, relfilenode, reltablespace, relpages, reltuples,
  // relallvisible, from 18 on relallfrozen, reltoastrelid
  constexpr std::size_t name_at_byte = 4, schema_at = 68, file_at = 88, tablespace_at = 92;
  const std::size_t toast_at = major >= 18 ? 112 : 108;
  std::vector<CatalogRelation> out;
  for_each_tuple(pages, block_size, toast_at + 4, [&](ByteView columns, bool) {
    const auto oid = [&](std::size_t at) { return field<Oid>(columns, at); };
    out.push_back(
        {oid(0), oid(schema_at), oid(file_at), oid(tablespace_at), oid(toast_at), name_at(columns, name_at_byte)});
  });
  return out;
}

std::vector<CatalogName> read_catalog_names(ByteView pages, std::uint32_t block_size) {
  constexpr std::size_t name_at_byte = 4;
  std::vector<CatalogName> out;
  for_each_tuple(pages, block_size, name_at_byte + name_bytes, [&](ByteView columns, bool live) {
    out.push_back({field<Oid>(columns, 0), name_at(columns, name_at_byte), live});
  });
  return out;
}

std::vector<CatalogPair> read_pg_index(ByteView pages, std::uint32_t block_size) {
  return read_pairs(pages, block_size, 4, 0);  // indexrelid, indrelid
}

std::vector<CatalogPair> read_pg_inherits(ByteView pages, std::uint32_t block_size) {
  return read_pairs(pages, block_size, 4, 0);  // inhrelid, inhparent
}

std::vector<CatalogPair> read_owned_sequences(ByteView pages, std::uint32_t block_size) {
  // classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype ('a' or 'i': DEPENDENCY_AUTO, _INTERNAL)
  constexpr std::size_t class_at = 0, object_at = 4, table_class_at = 12, table_at = 16, column_at = 20, kind_at = 24;
  std::vector<CatalogPair> out;
  for_each_tuple(pages, block_size, kind_at + 1, [&](ByteView columns, bool) {
    const auto oid = [&](std::size_t at) { return field<Oid>(columns, at); };
    const bool of_column = oid(class_at) == pg_class_oid && oid(table_class_at) == pg_class_oid && oid(column_at) != 0;
    if (of_column && (columns[kind_at] == 'a' || columns[kind_at] == 'i'))
      out.push_back({oid(table_at), oid(object_at)});
  });
  return out;
}

std::optional<Oid> mapped_file(ByteView map, Oid catalogue) {
  for (const auto& entry : read_map(map)) {
    if (entry.of == catalogue) return entry.relation;
  }
  return std::nullopt;
}

std::vector<Oid> mapped_files(ByteView map) {
  std::vector<Oid> out;
  for (const auto& entry : read_map(map)) out.push_back(entry.relation);
  return out;
}

}  // namespace owl::postgres
