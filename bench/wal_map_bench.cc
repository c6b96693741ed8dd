// What describing a segment costs, beside the rest of a push: one walk, the change map and the events, over a real
// segment. OWL_BENCH_WAL names a folder of segments, such as a server's pg_wal; without it, segments of 16 MiB are
// made of pgbench's kinds of records.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <random>

#include "os/file.h"
#include "postgres/wal_builder.h"
#include "postgres/wal_sample_records.h"
#include "wal/forerunner.h"
#include "wal/wal_object.h"

namespace {

using namespace owl;
using namespace owl::wal;

struct Segment {
  std::string name;
  postgres::SegmentId id;
  postgres::SegmentHeader header;
  Bytes bytes;
};

std::vector<Segment> real_segments(const std::filesystem::path& folder) {
  std::vector<Segment> out;
  const auto entries = os::list_folder(folder).value();
  for (const auto& entry : entries) {
    if (entry.name.size() != 24) continue;
    Segment segment{entry.name, {}, {}, os::read_file(folder / entry.name, 1u << 30)};
    const auto header = postgres::parse_segment_header(segment.bytes);
    if (!header) continue;
    segment.header = *header;
    segment.id = value_or_throw(postgres::parse_segment_name(entry.name, header->segment_size));
    if (postgres::check_segment(segment.bytes, segment.id)) out.push_back(std::move(segment));
  }
  return out;
}

/// Segments of 1 MiB without page images: the most records that a segment can have.
std::vector<Segment> made_segments() {
  std::mt19937 random(20261124);
  postgres::WalBuilder wal;
  while (wal.segments().size() < 4) {
    const postgres::RelationFile table{1663, 5, static_cast<postgres::Oid>(16384 + random() % 8)};
    wal.add(postgres::sample::heap_insert(table, static_cast<std::uint32_t>(random() % 200'000), 15, 80));
  }
  std::vector<Segment> out;
  for (std::size_t i = 0; i + 1 < wal.segments().size(); ++i) {
    const auto header = value_or_throw(postgres::parse_segment_header(wal.segments()[i]));
    out.push_back({to_file_name(wal.id_of(i), header.segment_size), wal.id_of(i), header, wal.segments()[i]});
  }
  return out;
}

const std::vector<Segment>& segments() {
  static const std::vector<Segment> all = [] {
    const char* folder = std::getenv("OWL_BENCH_WAL");
    return folder != nullptr ? real_segments(folder) : made_segments();
  }();
  return all;
}

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

/// The walk alone: page headers, checksums, record headers.
void walk(benchmark::State& state) {
  std::size_t bytes = 0;
  postgres::WalVisitor nobody;
  for (auto _ : state) {
    for (const auto& segment : segments()) {
      postgres::WalWalker walker(segment.header.segment_size);
      benchmark::DoNotOptimize(walker.feed(segment.bytes, segment.id, nobody).next);
      bytes += segment.bytes.size();
    }
  }
  count_bytes(state, bytes);
}
BENCHMARK(walk)->Unit(benchmark::kMillisecond);

void describe(benchmark::State& state) {
  std::size_t bytes = 0, records = 0, info_bytes = 0, count = 0;
  for (auto _ : state) {
    for (const auto& segment : segments()) {
      const auto described = describe_segment(segment.bytes, segment.id, segment.header);
      bytes += segment.bytes.size();
      ++count;
      benchmark::DoNotOptimize(described.map->end);
    }
  }
  for (const auto& segment : segments()) {
    WalInfo info;
    info.file_name = segment.name;
    info.segment = describe_segment(segment.bytes, segment.id, segment.header);
    info_bytes += serialize(info).size();
    for (const auto& [manager, number] : info.segment.events->records) records += number;
  }
  count_bytes(state, bytes);
  const auto each = static_cast<double>(segments().size());
  state.counters["ms/segment"] =
      benchmark::Counter(static_cast<double>(count) * 1e-3, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["records/segment"] = static_cast<double>(records) / each;
  state.counters["info_bytes/segment"] = static_cast<double>(info_bytes) / each;
}
BENCHMARK(describe)->Unit(benchmark::kMillisecond);

void serialize_and_parse(benchmark::State& state) {
  std::vector<Bytes> stored;
  for (const auto& segment : segments()) {
    WalInfo info;
    info.file_name = segment.name;
    info.segment = describe_segment(segment.bytes, segment.id, segment.header);
    stored.push_back(serialize(info));
  }
  std::size_t bytes = 0;
  for (auto _ : state) {
    for (const auto& one : stored) {
      const auto info = parse_wal_info(one);
      benchmark::DoNotOptimize(info->segment.map->end);
      bytes += one.size();
    }
  }
  count_bytes(state, bytes);
}
BENCHMARK(serialize_and_parse)->Unit(benchmark::kMillisecond);

}  // namespace
