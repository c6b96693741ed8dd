#include "page_audit.h"

#include <fmt/core.h>

#include <charconv>

#include "os/file.h"
#include "postgres/layout.h"

namespace owl::wal {
namespace {

namespace fs = std::filesystem;
struct Stretch {
  postgres::Lsn from, to;
};

constexpr std::size_t page_size = 8192, blocks_in_file = 131072;

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void audit_file(const fs::path& path, const postgres::RelationFile& file, std::uint32_t segment,
                const ChangedBlocks& changes, Stretch stretch, PageAudit& audit) {
  const Bytes bytes = os::read_file(path, 1u << 30);
  for (std::size_t i = 0; (i + 1) * page_size <= bytes.size(); ++i) {
    const ByteView page = ByteView(bytes).subspan(i * page_size, page_size);
    const std::uint64_t high = postgres::field<std::uint32_t>(page, 0), low = postgres::field<std::uint32_t>(page, 4);
    const postgres::Lsn lsn{high << 32 | low};
    const auto block = static_cast<postgres::BlockNumber>(segment * blocks_in_file + i);
    ++audit.pages;
    if (lsn <= stretch.from || lsn > stretch.to) continue;
    ++audit.changed;
    if (!changes.covers(file, block)) {
      audit.missing.push_back(fmt::format("{} block {} of LSN {}", to_text(file), block, to_text(lsn)));
    }
  }
}

void audit_folder(const fs::path& folder, postgres::Oid tablespace, postgres::Oid database,
                  const ChangedBlocks& changes, Stretch stretch, PageAudit& audit) {
  const auto entries = os::list_folder(folder).value();
  for (const auto& entry : entries) {
    const auto dot = entry.name.find('.');
    const auto relation = number(std::string_view(entry.name).substr(0, dot));
    const auto segment = dot == std::string::npos ? 0 : number(std::string_view(entry.name).substr(dot + 1));
    if (!relation || !segment) continue;  // another fork, or no relation
    audit_file(folder / entry.name, {tablespace, database, *relation}, *segment, changes, stretch, audit);
  }
}

}  // namespace

PageAudit audit_pages(const fs::path& data_directory, const ChangedBlocks& changes, postgres::Lsn from,
                      postgres::Lsn to) {
  PageAudit audit;
  const Stretch stretch{from, to};
  audit_folder(data_directory / "global", 1664, 0, changes, stretch, audit);
  const auto databases = os::list_folder(data_directory / "base").value();
  for (const auto& entry : databases) {
    const auto database = number(entry.name);
    if (database) audit_folder(data_directory / "base" / entry.name, 1663, *database, changes, stretch, audit);
  }
  const auto tablespaces = os::list_folder(data_directory / "pg_tblspc").value();
  for (const auto& tablespace : tablespaces) {
    const auto versions = os::list_folder(data_directory / "pg_tblspc" / tablespace.name).value();
    for (const auto& version : versions) {
      const fs::path folder = data_directory / "pg_tblspc" / tablespace.name / version.name;
      const auto folders = os::list_folder(folder).value();
      for (const auto& entry : folders) {
        audit_folder(folder / entry.name, *number(tablespace.name), *number(entry.name), changes, stretch, audit);
      }
    }
  }
  return audit;
}

}  // namespace owl::wal
