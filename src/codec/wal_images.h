#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "codec/page_choice.h"
#include "codec/page_joiner.h"
#include "codec/page_splitter.h"
#include "codec/wal_parse.h"

namespace owl::codec {

/// Pages of another size than PostgreSQL's default are kept as they are.
inline constexpr std::uint32_t wal_image_page_size = 8192;

/// Full-page images of a segment: pages go through the page codec, relation by relation; what is compressed already is
/// kept as it is. One thread at a time; memory is kept.
class WalImageSplitter {
 public:
  explicit WalImageSplitter(int zstd_level) : chooser_(wal_image_page_size, zstd_level, zstd_level) {}
  void put(const ParsedWal& parsed, ByteView segment, const WalPages& pages, StreamSet& streams);

 private:
  void load_page(const WalImage& image, ByteView segment, const WalPages& pages);
  void put_kinds(const ParsedWal& parsed, ByteView segment, const WalPages& pages, StreamSet& streams);
  void put_pages(const ParsedWal& parsed, ByteView segment, const WalPages& pages, StreamSet& streams);

  const PageColumns& columns_for(const ParsedWal& parsed, std::size_t first, ByteView segment, const WalPages& pages);

  PageSplitter splitter_{wal_image_page_size};
  PageChooser chooser_;
  std::unordered_map<std::uint64_t, PageColumns> known_;  ///< by the relation's file
  Bytes sample_;
  NumberWriter numbers_;
  std::vector<std::uint32_t> values_;
  std::vector<std::uint32_t> order_, begins_;  ///< images that are taken apart, relation by relation
  std::vector<std::uint8_t> kept_;
  alignas(64) std::array<std::uint8_t, wal_image_page_size + stream_slack> page_;
};

/// Reads images back. One thread at a time; memory is kept.
class WalImageJoiner {
 public:
  /// What an image's header says, and its bytes as they are in the record.
  struct Image {
    std::uint16_t size = 0, hole_at = 0, hole_size = 0;
    std::uint8_t info = 0;
    bool tells_hole_size = false, is_kept = false;
    const std::uint8_t* bytes = nullptr;  ///< nullptr: compared already
    std::uint32_t place = 0;              ///< where, then
  };
  /// What the images must be, for a proof: those of the splitter, in the order of the records.
  struct Original {
    ByteView wal;
    const WalPages& pages;
    std::span<const WalImage> images;
  };
  /// Of which relation an image is, in the order of the records.
  struct Origin {
    std::uint32_t block = 0;
    std::uint16_t relation = 0;
  };
  /// Fails the reader where all images together would be larger than `limit`.
  /// With an original, pages are compared with it instead of kept; the reader fails where they differ.
  void read(StreamReader& reader, std::span<const Origin> origins, std::size_t relations, int major, std::size_t limit,
            const Original* original);
  const Image& operator[](std::size_t index) const { return images_[index]; }

 private:
  void read_kinds(StreamReader& reader, int major);
  void read_kept(StreamReader& reader);
  void read_pages(StreamReader& reader, std::span<const Origin> origins, std::size_t relations, std::size_t limit,
                  const Original* original);
  std::uint8_t* join_page(StreamReader& reader, std::uint32_t block, PageState& state, Image& image);
  void close_hole(std::uint8_t* page, const Image& image);
  static bool is_same(const std::uint8_t* page, const Image& image, const WalImage& source, const Original& original);

  PageJoiner joiner_{wal_image_page_size};
  std::vector<Image> images_;
  std::vector<std::uint32_t> values_, begins_, order_, kept_;
  std::vector<std::size_t> places_;  ///< of each image in `pages_`
  Bytes pages_;
  std::size_t used_ = 0;
};

}  // namespace owl::codec
