#include "cluster/backup_manifest.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/hash.h"

namespace owl::cluster {
namespace {

bool is_plain_path(std::string_view path) {
  return std::ranges::all_of(path, [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

/// "2026-11-22 14:30:00 GMT", as the server writes it.
std::string gmt(Timestamp t) {
  auto text = to_iso({t.micros - t.micros % 1'000'000});
  text[10] = ' ';
  text.replace(19, text.npos, " GMT");
  return text;
}

/// The order of bytes in memory, which is how the server prints a checksum.
std::string checksum_text(std::uint32_t crc) {
  return fmt::format("{:02x}{:02x}{:02x}{:02x}", crc & 0xff, crc >> 8 & 0xff, crc >> 16 & 0xff, crc >> 24);
}

void add_file(std::string& out, const ManifestFile& file) {
  out += is_plain_path(file.path) ? fmt::format("{{ \"Path\": \"{}\", ", file.path)
                                  : fmt::format("{{ \"Encoded-Path\": \"{}\", ", to_hex(as_bytes(file.path)));
  out += fmt::format(
      "\"Size\": {}, \"Last-Modified\": \"{}\", \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"{}\" }}", file.size,
      gmt(file.modified), checksum_text(file.crc32c));
}

}  // namespace

std::string render_backup_manifest(int major, postgres::SystemId system_id, const std::vector<ManifestFile>& files,
                                   const std::vector<ManifestWalRange>& wal) {
  std::string out = major >= 17 ? fmt::format(
                                      "{{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n\"System-Identifier\": {},\n"
                                      "\"Files\": [",
                                      system_id)
                                : "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [";
  for (std::size_t i = 0; i < files.size(); ++i) {
    out += i == 0 ? "\n" : ",\n";
    add_file(out, files[i]);
  }
  out += "\n],\n\"WAL-Ranges\": [";
  for (std::size_t i = 0; i < wal.size(); ++i) {
    out += fmt::format("{}{{ \"Timeline\": {}, \"Start-LSN\": \"{}\", \"End-LSN\": \"{}\" }}", i == 0 ? "\n" : ",\n",
                       wal[i].timeline, postgres::to_text(wal[i].start), postgres::to_text(wal[i].end));
  }
  out += "\n],\n";
  const auto digest = codec::sha256(as_bytes(out));  // of every line before its own
  return out + fmt::format("\"Manifest-Checksum\": \"{}\"}}\n", to_hex(digest));
}

}  // namespace owl::cluster
