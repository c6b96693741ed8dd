// Short texts that PostgreSQL or its users hand over: backup_label, WAL file names, positions.

#include "base/check.h"
#include "postgres/base_backup.h"

using namespace owl;
using namespace owl::postgres;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  (void)parse_backup_label(text);
  if (const auto lsn = parse_lsn(text)) OWL_CHECK(value_or_throw(parse_lsn(to_text(*lsn))) == *lsn, "another position");
  if (const auto name = parse_wal_file_name(text)) {
    OWL_CHECK(name->text == text && name->text.find('/') == std::string::npos, "not a plain file name");
  }
  for (const std::uint32_t segment_size : {1u << 20, 1u << 24, 1u << 30}) {
    const auto segment = parse_segment_name(text, segment_size);
    if (segment) OWL_CHECK(to_file_name(*segment, segment_size) == text, "another segment");
  }
  return 0;
}
