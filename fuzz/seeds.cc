// Writes the inputs to begin with for formats that are not texts: fuzz_seeds FOLDER makes FOLDER/<target>/<name>.
// They are kept with the sources; this program makes them again when a format changes.

#include <filesystem>
#include <iostream>

#include "app/restore_record.h"
#include "cluster/details.h"
#include "cluster/extent_map.h"
#include "cluster/file_marks.h"
#include "codec/page_encoder.h"
#include "codec/page_samples.h"
#include "os/file.h"
#include "repository/head.h"
#include "wal/enrolment.h"
#include "wal/gap_acknowledgement.h"
#include "wal/recovery_ticket.h"
#include "wal/wal_object.h"

using namespace owl;

namespace {

/// Counts up, so that the same seeds come out each time.
class CountingRandom final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_ = 1;
};

cluster::ExtentLeaf leaf() {
  using cluster::EntryType;
  cluster::ExtentLeaf leaf;
  repository::PackRef pack;
  pack.id.fill(7);
  pack.month = 202611;
  pack.size = 1000;
  pack.directory_size = 100;
  leaf.packs = {pack};
  leaf.blobs = {{0, 3, {1, 2, 3}}, {0, 4, {9}}};
  leaf.files = {{"base", EntryType::folder, 0700, {5}, 0, 0, {}, {}},
                {"base/5/1259", EntryType::pages, 0600, {6}, 40960, 1, {{0, 8192, 0, 0}, {16384, 24576, 1, 8192}}, {2}},
                {"postgresql.conf", EntryType::bytes, 0600, {-3}, 0, 0, {}, {}}};
  return leaf;
}

cluster::ClusterDetails details() {
  cluster::ClusterDetails out;
  out.version = 150018;
  out.system_id = 7;
  out.wal_segment_size = 16 << 20;
  out.timeline = 1;
  out.label_file = "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\n";
  out.tablespaces = {{16390, "/srv/ts"}};
  out.settings = {{"port", "5433", "configuration file", "/etc/postgresql.conf"}};
  return out;
}

/// Without the checksum at its end: the target adds it.
Bytes marks() {
  std::vector<cluster::ListedFile> files(2);
  files[0].path = "base/1/1_vm";
  files[1].path = "base/1/2_fsm";
  for (auto& file : files) file.mark = 7;
  Bytes bytes;
  cluster::write_marks({"a", "b"}, cluster::Listing(files), [&](ByteView part) { append(bytes, part); });
  bytes.resize(bytes.size() - 4);
  return bytes;
}

wal::WalInfo wal_info() {
  wal::WalInfo info;
  info.system_id = 7;
  info.file_name = "000000010000000000000002";
  info.plain_size = 16 << 20;
  info.segment = {15,
                  16u << 20,
                  {0x2000028},
                  {0x2000100},
                  true,
                  true,
                  true,
                  3,
                  {100},
                  {300},
                  {0x2000030},
                  {0x20000f0},
                  {{{0x2000040}, 16390, "/srv/ts"}},
                  {{{0x2000050}, 1, 100, 8, 10, 0, 64}},
                  {{{0x2000060}, {0x2000090}, {250}, "before"}}};
  return info;
}

wal::RecoveryTicket ticket(const crypto::EpochSecrets& secrets, const crypto::HostKeys& keys) {
  wal::RecoveryTicket out;
  out.system_id = 7;
  out.segment_size = 16u << 20;
  out.target_timeline = 2;
  out.history = {{1, {0x3000000}, ""}};
  out.keys = keys;
  out.secrets = {secrets};
  out.stores = {{.name = "primary", .url = "file:///srv/store"}};
  out.data_directory = "/srv/pg";
  return out;
}

app::RestoreRecord record() {
  app::RestoreRecord out;
  out.system_id = 7;
  out.segment_size = 16u << 20;
  out.target_timeline = 2;
  out.history = {{1, {0x3000000}, ""}};
  out.id = "1a2b3c4d";
  out.data_directory = "/srv/pg";
  return out;
}

/// Pages of one kind, and the same as a blob.
struct PageSeed {
  Bytes pages, blob;
};
PageSeed page_seed(Bytes (*make)(codec::sample::Random&, std::uint32_t, std::uint32_t)) {
  codec::sample::Random random(7);
  PageSeed seed;
  for (std::uint32_t block = 0; block < 2; ++block) append(seed.pages, make(random, 8192, block));
  codec::PageEncoder encoder({});
  const codec::PageRun run{2, 0};
  seed.blob.resize(encoder.bound(seed.pages.size()));
  const auto encoded = encoder.encode({seed.pages, {&run, 1}}, seed.blob);
  seed.blob.resize(encoded.codec == codec::Codec::pages ? encoded.size : 0);
  seed.pages.insert(seed.pages.begin(), 16, 3);  // block size and columns, for the target that encodes
  return seed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder(argv[1]);
  const auto write = [&](const char* target, const char* name, ByteView bytes) {
    os::make_folders(folder / target);
    os::replace_file(folder / target / name, bytes, 0644);
  };
  CountingRandom random;
  const auto secrets = crypto::generate_epoch(random.array<16>(), 1, random);
  const auto keys = crypto::make_host_keys(secrets, crypto::KeyMode::none, {}, {}, random);
  write("cluster_extent_map", "leaf", serialize(leaf()));
  write("cluster_details", "details", serialize(details()));
  write("cluster_file_marks", "marks", marks());
  write("wal_object", "info", serialize(wal_info()));
  const auto object = wal::build_wal_object(keys, "wal/7/x", wal_info(), Bytes(100, 1), 1, random);
  write("wal_object", "header", ByteView(object.head).first(wal::wal_header_size));
  write("wal_gap_acknowledgement", "one",
        serialize(
            wal::GapAcknowledgement{7, "000000010000000000000004", "000000010000000000000006", "lost", "db1", {9}}));
  write("wal_ticket", "ticket", serialize(ticket(secrets, keys)));
  write("wal_enrolments", "one", serialize(std::vector<wal::EnrolledCluster>{{7, 1, 2, 1, "/srv/pg", {5'000'000}}}));
  write("app_restore_record", "record", serialize(record()));
  write("repository_heads", "one",
        serialize(repository::HeadMap{{"primary cluster/x", {"x", {3, {1, 2}}, {{"backups/x", 3}}}}}));
  for (const auto& [name, seed] : {std::pair{"heap", page_seed(codec::sample::random_heap_page)},
                                   std::pair{"btree", page_seed(codec::sample::random_btree_page)}}) {
    write("codec_pages_encode", name, seed.pages);
    write("codec_pages_decode", name, seed.blob);
  }
  return 0;
}
