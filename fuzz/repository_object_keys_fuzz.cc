// Object keys: what a parser takes must be exactly what is built from the result.
#include "base/check.h"
#include "repository/object_keys.h"

namespace {

using namespace owl;              // NOLINT(google-build-using-namespace): one short program
using namespace owl::repository;  // NOLINT(google-build-using-namespace)

template <typename Parse, typename Build>
void check(std::string_view text, Parse parse, Build build) {
  if (const auto parsed = parse(text)) OWL_CHECK(build(*parsed) == text, "a key that was not built here was taken");
}

std::string lease_again(const keys::ParsedLeaseKey& key) {
  return key.end ? keys::lease_end(key.id) : keys::lease(key.id, key.renewal);
}

std::string wal_again(const keys::ParsedWalKey& key) {
  return keys::wal_object(key.system_id, key.file_name, key.copy);
}

std::string gap_again(const keys::ParsedWalGapKey& key) {
  return keys::wal_gap(key.system_id, key.first, key.last);
}

void check_all(std::string_view text) {
  check(text, keys::parse_manifest, keys::manifest);
  check(text, keys::parse_pack, keys::pack);
  check(text, keys::parse_lease, lease_again);
  check(text, keys::parse_wal_object, wal_again);
  check(text, keys::parse_open_piece, keys::open_piece);
  check(text, keys::parse_wal_gap, gap_again);
  check(text, keys::parse_trash, keys::trash);
  (void)keys::parse_index(text);
  (void)keys::parse_epoch_folder(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  check_all(text);
  for (const auto* prefix :
       {"backups/cluster/", "packs/d/", "leases/", "wal/42/", "wal-open/42/", "wal-gaps/42/", "trash/", "index/"}) {
    check_all(prefix + std::string(text));
  }
  return 0;
}
