#include "e2e/judges.h"

#include <array>
#include <map>
#include <regex>
#include <set>

#include "codec/hash.h"
#include "codec/json.h"
#include "e2e/files.h"
#include "os/file.h"
#include "postgres/control_file.h"
#include "postgres/page.h"

namespace owl::test {

namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t segment_size = 16u << 20;

/// Regular files below a folder, through the links of tablespaces.
std::set<std::string> files_below(const fs::path& folder) {
  std::set<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink)) {
    if (entry.is_regular_file()) found.insert(entry.path().lexically_relative(folder).string());
  }
  return found;
}

/// What pg_verifybackup does not ask the manifest about.
bool is_left_out(const std::string& path) {
  static const std::set<std::string> names{"backup_manifest", "postgresql.auto.conf", "recovery.signal",
                                           "standby.signal"};
  return names.contains(path) || path.starts_with("pg_wal/");
}

/// As the server prints it: the bytes in the order of memory.
std::string checksum_text(std::uint32_t crc) {
  std::array<std::uint8_t, 4> bytes{};
  for (auto& byte : bytes) {
    byte = static_cast<std::uint8_t>(crc & 0xff);
    crc >>= 8;
  }
  return to_hex(bytes);
}

class ManifestJudge {
 public:
  ManifestJudge(const fs::path& data_directory, int major) : folder_(data_directory), major_(major) {}

  std::vector<std::string> faults() {
    const auto text = read_text(folder_ / "backup_manifest");
    const auto parsed = codec::Json::parse(text);
    if (!parsed) return {"backup_manifest is no JSON: " + parsed.error().message()};
    judge_itself(text, *parsed);
    judge_files(*parsed);
    judge_wal(*parsed);
    return std::move(faults_);
  }

 private:
  void expect(bool truth, std::string otherwise) {
    if (!truth) faults_.push_back(std::move(otherwise));
  }

  void judge_itself(const std::string& text, const codec::Json& json) {
    const auto own = text.rfind("\"Manifest-Checksum\"");
    expect(own != text.npos && own > 0 && text[own - 1] == '\n', "Manifest-Checksum has no line of its own");
    if (own == text.npos) return;
    expect(json["Manifest-Checksum"].text_or("") == to_hex(codec::sha256(as_bytes(text.substr(0, own)))),
           "Manifest-Checksum does not fit");
    expect(json["PostgreSQL-Backup-Manifest-Version"].integer_or(0) == (major_ >= 17 ? 2 : 1), "wrong version");
    const auto control = value_or_throw(postgres::parse_control_file(os::read_file(folder_ / "global/pg_control")));
    const auto system = json["System-Identifier"].unsigned_or(0);
    expect(system == (major_ >= 17 ? control.system_id : 0), "wrong System-Identifier " + std::to_string(system));
  }

  void judge_files(const codec::Json& json) {
    auto unnamed = files_below(folder_);
    std::erase_if(unnamed, is_left_out);
    const auto* files = json["Files"].as_array();
    expect(files != nullptr && files->size() > 500, "hardly any files");
    if (files == nullptr) return;
    for (const auto& file : *files) {
      const auto path = file["Path"].text_or("");
      expect(unnamed.erase(path) == 1, path + " is named, and not there or named twice");
      if (fs::exists(folder_ / path)) judge_file(path, file);
    }
    for (const auto& path : unnamed) faults_.push_back(path + " is there, and not named");
  }

  void judge_file(const std::string& path, const codec::Json& file) {
    const auto bytes = os::read_file(folder_ / path, 2u << 30);
    expect(file["Size"].unsigned_or(1u << 31) == bytes.size(), path + " has another size");
    expect(file["Checksum-Algorithm"].text_or("") == "CRC32C", path + " has another kind of checksum");
    expect(file["Checksum"].text_or("") == checksum_text(codec::crc32c(bytes)), path + " has another checksum");
    static const std::regex time(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT)");
    expect(std::regex_match(file["Last-Modified"].text_or(""), time), path + " has no time");
  }

  void judge_wal(const codec::Json& json) {
    const auto* ranges = json["WAL-Ranges"].as_array();
    expect(ranges != nullptr && ranges->size() == 1, "WAL-Ranges is not one range");
    if (ranges == nullptr) return;
    for (const auto& range : *ranges) {
      const auto timeline = static_cast<postgres::TimelineId>(range["Timeline"].integer_or(0));
      const auto start = value_or_throw(postgres::parse_lsn(range["Start-LSN"].text_or("")));
      const auto end = value_or_throw(postgres::parse_lsn(range["End-LSN"].text_or("")));
      expect(start < end, "a WAL range is empty");
      for (auto n = start.value / segment_size; n <= (end.value - 1) / segment_size; ++n) {
        const auto name = postgres::to_file_name({timeline, n}, segment_size);
        expect(fs::exists(folder_ / "pg_wal" / name), name + " is not in pg_wal");
      }
    }
  }

  const fs::path& folder_;
  int major_;
  std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> manifest_faults(const fs::path& data_directory, int major) {
  return ManifestJudge(data_directory, major).faults();
}

PageCheck check_pages(const fs::path& data_directory) {
  constexpr std::uint32_t page_size = 8192, pages_of_file = (1u << 30) / page_size;
  static const std::regex relation(R"((?:base|global|pg_tblspc)/(?:.*/)?\d+(?:_fsm|_vm|_init)?(?:\.(\d+))?)");
  PageCheck result;
  for (const auto& path : files_below(data_directory)) {
    std::smatch match;
    if (!std::regex_match(path, match, relation)) continue;
    const auto first = match[1].matched ? static_cast<std::uint32_t>(std::stoul(match[1])) * pages_of_file : 0;
    const auto bytes = os::read_file(data_directory / path, 2u << 30);
    if (bytes.size() % page_size != 0) result.bad.push_back(path + " ends within a page");
    for (std::uint32_t i = 0; i < bytes.size() / page_size; ++i) {
      const auto page = ByteView(bytes).subspan(std::size_t{i} * page_size, page_size);
      if (postgres::judge_page(page, first + i, true) == postgres::PageState::bad) {
        result.bad.push_back(path + " block " + std::to_string(first + i));
      }
      ++result.pages;
    }
  }
  return result;
}

std::vector<std::string> temporary_files(const fs::path& data_directory) {
  std::vector<std::string> found;
  for (const auto& path : files_below(data_directory)) {
    const auto name = fs::path(path).filename().string();
    if (name.starts_with('t') && name.find('_') != std::string::npos &&
        (path.starts_with("base/") || path.starts_with("pg_tblspc/"))) {
      found.push_back(path);
    }
  }
  return found;
}

}  // namespace owl::test
