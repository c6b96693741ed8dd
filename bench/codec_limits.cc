// What bench/codec measures: PostgreSQL's files through the page codec and through zstd alone, over the same bytes in
// the same process; one thread, processor time. One line of JSON for each file.
//
//   codec_limits BLOB_KIB BLOCK_SIZE RUNS FILE...

#include <ctime>
#include <iostream>
#include <string>

#include "codec/blob_decoder.h"
#include "codec/page_checksum.h"
#include "codec/page_encoder.h"
#include "codec/page_joiner.h"
#include "os/file.h"

namespace {

using namespace owl;

constexpr std::size_t small_file_bytes = 256u << 10;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::cerr << "codec_limits: " << what << "\n";
  std::exit(1);
}

struct Blob {
  ByteView plain;
  codec::PageRun run;
};

struct Stored {
  codec::Codec codec;
  Bytes bytes;
};

/// The fastest of several runs: what else the machine does only ever adds.
template <typename Body>
double best_of(unsigned runs, Body body) {
  double best = 1e9;
  for (unsigned i = 0; i < runs; ++i) {
    const double before = cpu_seconds();
    body();
    best = std::min(best, cpu_seconds() - before);
  }
  return best;
}

class File {
 public:
  File(const std::string& path, std::size_t blob_size, std::uint32_t block_size, unsigned runs)
      : path_(path), bytes_(os::read_file(path, std::uint64_t{4} << 30)), block_size_(block_size), runs_(runs) {
    bytes_.resize(bytes_.size() / block_size * block_size);
    for (std::size_t at = 0; at < bytes_.size(); at += blob_size) {
      const auto plain = ByteView(bytes_).subspan(at, std::min(blob_size, bytes_.size() - at));
      blobs_.push_back(
          {plain,
           {static_cast<std::uint32_t>(plain.size() / block_size), static_cast<std::uint32_t>(at / block_size)}});
    }
  }

  /// As a backup does, which reads checksums before it compresses, whatever the codec.
  void check_checksums() {
    for (const auto& blob : blobs_) {
      for (std::uint32_t i = 0; i < blob.run.pages; ++i) {
        const auto page = blob.plain.subspan(std::size_t{i} * block_size_, block_size_);
        const auto told = codec::load<std::uint16_t>(page.data() + codec::page_at::checksum);
        const bool holds = told == 0 || told == codec::page_checksum(page, blob.run.first_block + i);
        checksums_hold_ = checksums_hold_ && holds;
      }
    }
  }

  void measure() {
    std::cout << "{\"file\":\"" << path_ << "\",\"bytes\":" << bytes_.size();
    for (const int level : {1, 3, 6}) plain("zstd" + std::to_string(level), level, codec::Content::general);
    plain("pages3", 3, codec::Content::pages);
    check_checksums();
    split();
    transforms();
    std::cout << "}" << std::endl;
  }

 private:
  void report(const std::string& name, std::size_t stored, double encode_s, double decode_s) {
    std::cout << ",\"" << name << "\":{\"stored\":" << stored << ",\"encode_s\":" << encode_s
              << ",\"decode_s\":" << decode_s << "}";
  }

  template <typename Encode>
  void measure_with(const std::string& name, std::size_t bound, Encode encode) {
    Bytes out(bound);
    std::vector<Stored> stored(blobs_.size());
    const double encode_s = best_of(runs_, [&] {
      for (std::size_t i = 0; i < blobs_.size(); ++i) {
        const auto encoded = encode(blobs_[i], out);
        stored[i].codec = encoded.codec;
        stored[i].bytes.assign(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(encoded.size));
      }
    });
    std::size_t size = 0;
    for (const auto& one : stored) size += one.bytes.size();
    codec::BlobDecoder decoder;
    Bytes again(blobs_.empty() ? 0 : blobs_.front().plain.size());
    const double decode_s = best_of(runs_, [&] {
      for (std::size_t i = 0; i < blobs_.size(); ++i) {
        const auto to = MutableBytes(again).first(blobs_[i].plain.size());
        require(decoder.decode(stored[i].codec, stored[i].bytes, to).has_value(), "a blob does not decode");
      }
    });
    for (std::size_t i = 0; i < blobs_.size(); ++i) {
      const auto to = MutableBytes(again).first(blobs_[i].plain.size());
      require(decoder.decode(stored[i].codec, stored[i].bytes, to).has_value() && equal(to, blobs_[i].plain),
              "a blob does not come back");
    }
    report(name, size, encode_s, decode_s);
  }

  void plain(const std::string& name, int level, codec::Content content) {
    codec::ZstdEncoder encoder(level, content);
    const std::size_t bound = codec::ZstdEncoder::bound(blobs_.empty() ? 0 : blobs_.front().plain.size());
    measure_with(name, bound, [&](const Blob& blob, Bytes& out) { return encoder.encode(blob.plain, out); });
  }

  void split() {
    codec::PageEncoder::Counters counters;
    const codec::PageEncoder::Options options{.block_size = block_size_, .level = 1, .plain_level = 3};
    const std::size_t bound = codec::PageEncoder(options).bound(blobs_.empty() ? 0 : blobs_.front().plain.size());
    std::optional<codec::PageEncoder> encoder;
    measure_with("split", bound, [&](const Blob& blob, Bytes& out) {
      if (blob.run.first_block == 0) encoder.emplace(options);  // each run makes its own choice
      // A backup puts small files of several relations into one blob, and makes no choice for them.
      const std::uint64_t relation = bytes_.size() > small_file_bytes ? 1 : 0;
      const auto encoded = encoder->encode({blob.plain, {&blob.run, 1}, relation, bytes_.size(), checksums_hold_}, out);
      counters = encoder->counters();
      return encoded;
    });
    std::cout << ",\"split_blobs\":" << counters.split_blobs << ",\"plain_blobs\":" << counters.plain_blobs
              << ",\"split_pages\":" << counters.split_pages << ",\"other_pages\":" << counters.other_pages
              << ",\"fallbacks\":" << counters.fallbacks;
  }

  /// Without choice of columns, zstd and proof.
  void transforms() {
    codec::PageSplitter splitter(block_size_);
    codec::PageJoiner joiner(block_size_);
    codec::StreamSet streams(codec::page_stream::count);
    codec::StreamReader reader;
    std::vector<ByteView> views(streams.count());
    Bytes page(block_size_);
    double split_s = 0, join_s = 0;
    for (const auto& blob : blobs_) {
      split_s += best_of(runs_, [&] {
        streams.clear();
        codec::PageState state(scheme_.columns);
        for (std::uint32_t i = 0; i < blob.run.pages; ++i) {
          splitter.split(blob.plain.data() + std::size_t{i} * block_size_, blob.run.first_block + i,
                         codec::PageSplitter::Checksums::trusted, scheme_.holes, state, streams);
        }
      });
      for (std::size_t i = 0; i < views.size(); ++i) views[i] = streams.view(i);
      join_s += best_of(runs_, [&] {
        reader.reset(views);
        codec::PageState state(scheme_.columns);
        for (std::uint32_t i = 0; i < blob.run.pages; ++i) {
          joiner.join(reader, blob.run.first_block + i, scheme_.holes, state, page.data());
        }
        require(reader.finished(), "streams do not come back");
      });
    }
    std::cout << ",\"split_s\":" << split_s << ",\"join_s\":" << join_s;
  }

  const std::string path_;
  Bytes bytes_;
  const std::uint32_t block_size_;
  const unsigned runs_;
  std::vector<Blob> blobs_;
  codec::PageScheme scheme_;
  bool checksums_hold_ = true;
};

}  // namespace

int main(int count, char** words) {
  if (count < 5) return 2;
  const std::size_t blob_size = std::stoul(words[1]) << 10;
  const auto block_size = static_cast<std::uint32_t>(std::stoul(words[2]));
  const auto runs = static_cast<unsigned>(std::stoul(words[3]));
  for (int i = 4; i < count; ++i) File(words[i], blob_size, block_size, runs).measure();
}
