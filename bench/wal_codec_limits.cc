// What the WAL codec makes of segments, beside plain zstd: bytes, and MB/s of processor time of one thread.
// bench/wal_codec makes the segments, a folder for each kind.

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <map>
#include <numeric>

#include "codec/wal_codec.h"
#include "codec/wal_split.h"
#include "codec/zstd.h"
#include "os/file.h"

namespace {

using namespace owl;
namespace fs = std::filesystem;

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct Measured {
  std::size_t bytes = 0;
  double seconds = 0;
};

/// Of one way, over all segments of a kind, once.
template <typename Work>
Measured measure(const std::vector<Bytes>& segments, Work work) {
  Measured out;
  const double begin = cpu_seconds();
  for (const auto& segment : segments) out.bytes += work(segment);
  out.seconds = cpu_seconds() - begin;
  return out;
}

class Ways {
 public:
  explicit Ways(std::size_t segment_size)
      : room_(std::max(codec::ZstdEncoder::bound(segment_size), codec::WalEncoder::bound(segment_size))),
        back_(segment_size) {}

  Measured plain(const std::vector<Bytes>& segments, int level, codec::Content content) {
    codec::ZstdEncoder zstd(level, content);
    return measure(segments, [&](const Bytes& segment) { return zstd.encode(segment, room_).size; });
  }
  Measured split_alone(const std::vector<Bytes>& segments) {
    return each_stretch(segments, [&](ByteView wal) { splitter_.split(wal, wal_page_size); });
  }
  Measured proven(const std::vector<Bytes>& segments) {
    return each_stretch(segments, [&](ByteView wal) {
      splitter_.split(wal, wal_page_size);
      if (!joiner_.gives(splitter_, wal)) throw Error(ErrorKind::integrity, "a stretch isn't proven");
    });
  }
  Measured whole(const std::vector<Bytes>& segments, int level) {
    auto& encoder = encoders_.try_emplace(level, level).first->second;
    return measure(segments, [&](const Bytes& segment) {
      const std::size_t size = encoder.encode(segment, room_);
      return size == 0 ? segment.size() : size;
    });
  }
  Measured decode(const std::vector<Bytes>& encoded, const std::vector<Bytes>& segments) {
    std::size_t i = 0;
    return measure(encoded, [&](const Bytes& one) {
      value_or_throw(decoder_.decode(one, back_));
      if (back_ != segments[i++]) throw Error(ErrorKind::integrity, "a segment came back as something else");
      return one.size();
    });
  }
  Measured joined(const std::vector<Bytes>& segments) {
    Measured out;
    each_stretch(segments, [&](ByteView wal) {
      splitter_.split(wal, wal_page_size);
      std::vector<ByteView> views;
      for (std::size_t i = 0; i < splitter_.streams().count(); ++i) views.push_back(splitter_.streams().view(i));
      const double begin = cpu_seconds();
      value_or_throw(joiner_.join(views, MutableBytes(back_).first(wal.size())));
      out.seconds += cpu_seconds() - begin;
    });
    return out;
  }
  std::vector<Bytes> encoded(const std::vector<Bytes>& segments, int level) {
    std::vector<Bytes> out;
    for (const auto& segment : segments) {
      const auto size = encoders_.at(level).encode(segment, room_);
      if (size != 0) out.push_back(to_bytes(ByteView(room_).first(size)));
    }
    return out;
  }

 private:
  static constexpr std::uint32_t wal_page_size = 8192;

  /// As the encoder cuts segments.
  template <typename Work>
  static Measured each_stretch(const std::vector<Bytes>& segments, Work work) {
    auto out = measure(segments, [&](ByteView segment) {
      for (; !segment.empty(); segment = segment.subspan(std::min(segment.size(), codec::largest_wal_stretch))) {
        work(segment.first(std::min(segment.size(), codec::largest_wal_stretch)));
      }
      return std::size_t{0};
    });
    return out;
  }

  Bytes room_, back_;
  codec::WalSplitter splitter_;
  codec::WalJoiner joiner_;
  codec::WalDecoder decoder_;
  std::map<int, codec::WalEncoder> encoders_;
};

/// Medians of the seconds of some runs, each way once in each.
struct Kind {
  std::vector<Bytes> segments;
  std::map<std::string, std::vector<Measured>> taken;

  double megabytes() const {
    double total = 0;
    for (const auto& segment : segments) total += static_cast<double>(segment.size());
    return total / 1e6;
  }
  std::string line(const std::string& way) {
    auto runs = taken.at(way);
    std::ranges::sort(runs, {}, &Measured::seconds);
    const auto& middle = runs[runs.size() / 2];
    const double speed = megabytes() / middle.seconds;
    if (middle.bytes == 0) return fmt::format("{:>12.0f}", speed);
    return fmt::format("{:>6.2f} {:>5.0f}", megabytes() * 1e6 / static_cast<double>(middle.bytes), speed);
  }
};

void run(const fs::path& folder, int runs) {
  Kind kind;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::ranges::sort(files);
  for (const auto& file : files) kind.segments.push_back(os::read_file(file, 1u << 30));
  if (kind.segments.empty()) return;
  Ways ways(kind.segments.front().size());
  for (int i = 0; i < runs; ++i) {
    for (const int level : {1, 3, 6}) {
      kind.taken[fmt::format("plain {}", level)].push_back(ways.plain(kind.segments, level, codec::Content::general));
    }
    kind.taken["tables 3"].push_back(ways.plain(kind.segments, 3, codec::Content::pages));
    kind.taken["codec"].push_back(ways.whole(kind.segments, 1));
    kind.taken["split"].push_back(ways.split_alone(kind.segments));
    kind.taken["proven"].push_back(ways.proven(kind.segments));
    kind.taken["joined"].push_back(ways.joined(kind.segments));
    const auto encoded = ways.encoded(kind.segments, 1);
    if (encoded.size() == kind.segments.size()) {
      kind.taken["decode"].push_back(ways.decode(encoded, kind.segments));
      kind.taken["decode"].back().bytes = 0;
    }
  }
  fmt::print("{:22} | {} | {} | {} | {} | {} | {} {} {}", folder.filename().string(), kind.line("plain 1"),
             kind.line("plain 3"), kind.line("plain 6"), kind.line("tables 3"), kind.line("codec"), kind.line("split"),
             kind.line("proven"), kind.line("joined"));
  if (kind.taken.contains("decode")) fmt::print(" {}", kind.line("decode"));
  fmt::print("\n");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return fmt::print(stderr, "wal_codec_limits RUNS FOLDER...\n"), 2;
  fmt::print("{:22} | {:12} | {:12} | {:12} | {:12} | {:12} | {:>12} {:>12} {:>12} {:>12}\n", "ratio, MB/s of CPU",
             "zstd 1", "zstd 3", "zstd 6", "3, page tabs", "codec, zstd 1", "split alone", "and proven", "join alone",
             "decode");
  for (int i = 2; i < argc; ++i) run(argv[i], std::atoi(argv[1]));
  return 0;
}
