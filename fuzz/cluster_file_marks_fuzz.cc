// What a host keeps of the files that it saw, in its state directory.

#include "cluster/file_marks.h"
#include "codec/hash.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  owl::Bytes bytes(data, data + size);
  owl::BinaryWriter(bytes).u32(owl::codec::crc32c(bytes));  // nobody guesses it
  auto marks = owl::cluster::EarlierMarks::of_bytes(std::move(bytes), {"a", "b"});
  for (const auto* path : {"base/1/1_vm", "base/5/PG_VERSION", "global/1260_fsm", "pg_tblspc/1/v/5/6_vm"}) {
    marks.same(path, 7);
  }
  return 0;
}
