#include "conformance/subject.h"

#include <atomic>

#include "storage/folder_store.h"
#include "storage/memory_store.h"
#include "support/temp_dir.h"

namespace owl::storage {
namespace {

std::string make_bucket(test::S3Kind kind) {
  return test::S3Server::shared(kind).make_bucket();
}

const std::string& shared_bucket(test::S3Kind kind) {
  if (kind == test::S3Kind::ceph) {
    static const std::string ceph = make_bucket(kind);
    return ceph;
  }
  static const std::string r2 = make_bucket(kind);
  return r2;
}

std::string fresh_prefix() {
  static std::atomic<int> count{0};
  return "fresh/" + std::to_string(++count);
}

}  // namespace

std::string name_of(SubjectKind kind) {
  constexpr const char* names[] = {"memory", "folder", "ceph", "r2"};
  return names[static_cast<int>(kind)];
}

struct Subject::Place {
  test::TempDir folder;
};

Subject::Subject(SubjectKind kind) : place_(std::make_unique<Place>()) {
  if (kind == SubjectKind::memory) {
    first_ = second_ = std::make_shared<MemoryStore>("primary", system_clock());
  } else if (kind == SubjectKind::folder) {
    first_ = std::make_shared<FolderStore>("primary", place_->folder / "store");
    second_ = std::make_shared<FolderStore>("primary", place_->folder / "store");
  } else {
    const auto s3 = kind == SubjectKind::ceph ? test::S3Kind::ceph : test::S3Kind::r2;
    const auto options = options_for(test::S3Server::shared(s3), shared_bucket(s3), fresh_prefix());
    first_ = bare_s3(options, system_clock());
    second_ = bare_s3(options, system_clock());
  }
}

Subject::~Subject() = default;

StoreOptions options_for(const test::S3Server& server, const std::string& bucket, const std::string& prefix) {
  return {.name = "primary",
          .url = "s3://" + bucket + "/" + prefix,
          .endpoint = server.endpoint(),
          .region = server.region(),
          .access_key_id = Secret(server.access_key()),
          .secret_access_key = Secret(server.secret_key())};
}

std::shared_ptr<S3Store> bare_s3(const StoreOptions& options, Clock& clock) {
  S3StoreOptions s3;
  s3.name = options.name;
  s3.place = resolve({.section = "storage." + options.name,
                      .url = options.url,
                      .endpoint = options.endpoint,
                      .region = options.region,
                      .addressing = options.addressing});
  s3.credentials = {std::string(options.access_key_id.reveal()), options.secret_access_key, options.session_token};
  s3.http.ca_file = options.ca_file;
  s3.deadlines.connect = options.connect_timeout;
  s3.deadlines.silence = options.request_timeout;
  return std::make_shared<S3Store>(std::move(s3), clock);
}

os::SystemClock& system_clock() {
  static os::SystemClock clock;
  return clock;
}

Bytes pattern(std::size_t size, std::uint64_t seed) {
  Bytes bytes(size);
  std::uint64_t state = seed;
  for (auto& byte : bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<std::uint8_t>(state >> 56);
  }
  return bytes;
}

}  // namespace owl::storage
