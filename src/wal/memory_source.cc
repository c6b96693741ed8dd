#include "wal/memory_source.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

namespace owl::wal {

WalSource source_in_memory(const std::string& name, ByteView bytes, postgres::SystemId system_id,
                           std::uint32_t segment_size) {
  WalSource source;
  source.name = name;
  source.path = fmt::format("the streamed {}", name);
  source.file = os::FileDescriptor(::memfd_create(name.c_str(), MFD_CLOEXEC));
  if (!source.file.valid()) {
    const int error = errno;
    throw Error(kind_of_errno(error), fmt::format("no memory file for {}", source.path)).with_errno(error);
  }
  os::write_all(source.file, bytes, source.path);
  source.control.system_id = system_id;
  source.control.wal_segment_size = segment_size;
  source.data_directory_path = "of the server that is streamed from";
  source.admitted = true;
  return source;
}

WalSource source_in_memory(const StreamBuffer::Whole& whole, postgres::SystemId system_id) {
  const auto size = static_cast<std::uint32_t>(whole.plain->size());
  auto source = source_in_memory(postgres::to_file_name(whole.segment, size), *whole.plain, system_id, size);
  if (whole.before) {
    const auto end = postgres::start_of(whole.segment, size);
    source.read_before = [before = whole.before, end, size](postgres::Lsn at, MutableBytes out) {
      if (at >= end || end - at > size || out.size() > end - at) return false;
      std::ranges::copy(ByteView(*before).last(end - at).first(out.size()), out.begin());
      return true;
    };
  }
  return source;
}

}  // namespace owl::wal
