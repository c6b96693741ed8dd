#include "oracle_map.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <regex>

#include "base/text.h"
#include "support/environment.h"
#include "support/run.h"

namespace owl::wal {
namespace {

using postgres::BlockNumber;
using postgres::Lsn;
using postgres::Oid;
using postgres::RelationFile;

Oid number(const std::string& text) {
  return static_cast<Oid>(std::stoul(text));
}

/// "base/5/16384", "global/1262", "pg_tblspc/16397/PG_15_202209061/5/16384"; nullopt for another fork than the main
/// one.
std::optional<RelationFile> file_of(const std::string& path) {
  static const std::regex base(R"(base/(\d+)/(\d+))"), global(R"(global/(\d+))"),
      elsewhere(R"(pg_tblspc/(\d+)/[^/]+/(\d+)/(\d+))");
  std::smatch match;
  if (std::regex_match(path, match, base)) return RelationFile{1663, number(match[1]), number(match[2])};
  if (std::regex_match(path, match, global)) return RelationFile{1664, 0, number(match[1])};
  if (std::regex_match(path, match, elsewhere)) {
    return RelationFile{number(match[1]), number(match[2]), number(match[3])};
  }
  EXPECT_NE(path.find('_'), std::string::npos) << path;
  return std::nullopt;
}

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> out;
  for (const auto word : split(text, ' ')) {
    if (!word.empty()) out.emplace_back(word);
  }
  return out;
}

BlockSet set_of(const std::set<BlockNumber>& blocks) {
  BlockCollector collector;
  for (const auto block : blocks) collector.add(block);
  return collector.take();
}

}  // namespace

void OracleMap::limit(const std::string& path, BlockNumber blocks) {
  const auto file = file_of(path);
  if (!file) return;
  const auto known = limits_.try_emplace(*file, blocks).first;
  known->second = std::min(known->second, blocks);
}

void OracleMap::add(std::string_view manager, const std::string& description, const std::string& blocks) {
  static const std::regex block(R"(rel (\d+)/(\d+)/(\d+)(?: fork? ?(\w+))? blk (\d+))");
  for (std::sregex_iterator match(blocks.begin(), blocks.end(), block), end; match != end; ++match) {
    if ((*match)[4].matched && (*match)[4].str() != "main") continue;
    blocks_[{number((*match)[1]), number((*match)[2]), number((*match)[3])}].insert(number((*match)[5]));
  }
  std::smatch match;
  if (manager == "Transaction") {
    // Not by a regular expression: those of the library recurse for each letter, and a commit lists thousands of files.
    constexpr std::string_view heading = "; rels:";
    const auto at = description.find(heading);
    if (!(description.starts_with("COMMIT") || description.starts_with("ABORT")) || at == std::string::npos) return;
    const auto begin = at + heading.size();
    for (const auto& path : words(description.substr(begin, description.find(';', begin) - begin))) limit(path, 0);
  } else if (manager == "Storage") {
    static const std::regex create(R"(^CREATE (\S+)$)"), cut(R"(^TRUNCATE (\S+) to (\d+) blocks flags (\d+)$)");
    if (std::regex_match(description, match, create)) return limit(match[1], 0);
    ASSERT_TRUE(std::regex_match(description, match, cut)) << description;
    if ((number(match[3]) & 1) != 0) limit(match[1], number(match[2]));
  } else if (manager == "Database") {
    static const std::regex folder(R"((\d+)/(\d+))");
    const auto from = description.starts_with("CREATE_FILE_COPY") ? description.find(" to ") : 0;
    ASSERT_NE(from, std::string::npos) << description;
    const std::string text = description.substr(from);
    for (std::sregex_iterator at(text.begin(), text.end(), folder), end; at != end; ++at) {
      whole_.databases.emplace(number((*at)[1]), number((*at)[2]));
    }
  } else if (manager == "Tablespace" && description.starts_with("DROP ")) {
    whole_.tablespaces.insert(number(description.substr(5)));
  }
}

ChangedBlocks OracleMap::take() {
  for (const auto& [file, blocks] : blocks_) whole_.relations[file].blocks = set_of(blocks);
  for (const auto& [file, limit] : limits_) whole_.relations[file].limit = limit;
  return std::move(whole_);
}

ChangedBlocks changes_by_walinspect(test::PostgresServer& server, Lsn from, Lsn to) {
  server.psql("CREATE EXTENSION IF NOT EXISTS pg_walinspect");
  OracleMap map;
  // The last record asked about is the last one that begins before `to`.
  const auto text = server.psql(
      fmt::format("SELECT resource_manager, record_type || ' ' || description, replace(block_ref, E'\\n', ' ') FROM"
                  " pg_get_wal_records_info('{}', '{}') WHERE start_lsn >= '{}' AND start_lsn < '{}'",
                  postgres::to_text(from), postgres::to_text(to), postgres::to_text(from), postgres::to_text(to)));
  for (const auto line : split(text, '\n')) {
    const auto cells = split(line, '|');
    if (cells.size() >= 2) map.add(cells[0], std::string(cells[1]), cells.size() > 2 ? std::string(cells[2]) : "");
  }
  return map.take();
}

ChangedBlocks changes_by_waldump(const test::PostgresServer& server, Lsn from, Lsn to) {
  const auto dump =
      test::run_ok({"/usr/lib/postgresql/15/bin/pg_waldump", "-p", (server.data_dir() / "pg_wal").string(), "-s",
                    postgres::to_text(from), "-e", postgres::to_text(to)},
                   {.env = {{"TZ", "UTC"}}, .user = test::server_user()});
  OracleMap map;
  for (const auto line : split(dump, '\n')) {
    const auto lsn_at = line.find(" lsn: "), prev_at = line.find(", prev "), text_at = line.find(", desc: ");
    if (!line.starts_with("rmgr: ") || text_at == std::string_view::npos) continue;
    const auto lsn = value_or_throw(postgres::parse_lsn(line.substr(lsn_at + 6, prev_at - lsn_at - 6)));
    if (lsn < from || lsn >= to) continue;
    const auto manager = line.substr(6, line.find(' ', 6) - 6);
    const std::string text(line.substr(text_at + 8));
    const auto blocks = text.find(", blkref");
    map.add(manager, std::string(trim(text.substr(0, blocks))),
            blocks == std::string::npos ? std::string() : text.substr(blocks));
  }
  return map.take();
}

ServerSummary summary_by_server(test::PostgresServer& server) {
  ServerSummary out;
  const auto bounds = server.psql("SELECT min(start_lsn), max(end_lsn) FROM pg_available_wal_summaries()");
  const auto bar = bounds.find('|');
  out.from = value_or_throw(postgres::parse_lsn(bounds.substr(0, bar)));
  out.to = value_or_throw(postgres::parse_lsn(bounds.substr(bar + 1)));
  std::map<RelationFile, std::set<BlockNumber>> blocks;
  const auto rows = server.psql(
      "SELECT reltablespace, reldatabase, relfilenode, relblocknumber, is_limit_block FROM "
      "pg_available_wal_summaries() s,"
      " pg_wal_summary_contents(s.tli, s.start_lsn, s.end_lsn) c WHERE relforknumber = 0");
  for (const auto line : split(rows, '\n')) {
    const auto cells = split(line, '|');
    if (cells.size() < 5) continue;
    const RelationFile file{number(std::string(cells[0])), number(std::string(cells[1])),
                            number(std::string(cells[2]))};
    const BlockNumber block = static_cast<BlockNumber>(std::stoul(std::string(cells[3])));
    if (cells[4] != "t") {
      blocks[file].insert(block);
    } else if (file.relation == 0) {
      out.changes.databases.emplace(file.tablespace, file.database);
    } else {
      auto& limit = out.changes.relations[file].limit;
      limit = std::min(limit.value_or(block), block);
    }
  }
  for (const auto& [file, set] : blocks) out.changes.relations[file].blocks = set_of(set);
  return out;
}

}  // namespace owl::wal
