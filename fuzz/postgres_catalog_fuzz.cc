// Pages of pg_class and pg_namespace, and pg_filenode.map, as a backup may have them: from the middle of a change.

#include "postgres/catalog.h"

using namespace owl;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint32_t block_size = 1024;  // the least that PostgreSQL has: several pages in few bytes
  const ByteView input(data, size);
  for (const auto& relation : postgres::read_pg_class(input, block_size, 15)) (void)relation.name.size();
  (void)postgres::read_catalog_names(input, block_size);
  (void)postgres::read_pg_index(input, block_size);
  (void)postgres::read_pg_inherits(input, block_size);
  (void)postgres::read_owned_sequences(input, block_size);
  (void)postgres::mapped_files(input);
  (void)postgres::mapped_file(input, postgres::pg_class_oid);
  return 0;
}
