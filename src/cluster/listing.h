#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "cluster/path_rules.h"
#include "os/file.h"

namespace owl::cluster {

/// A file or folder of a data directory, as it was when it was listed.
struct ListedFile {
  std::string path;  ///< relative; tablespaces under pg_tblspc/<oid>/
  bool is_folder = false, is_relation = false;
  std::uint32_t mode = 0;
  std::uint64_t size = 0;  ///< bytes
  Timestamp modified = {};
  std::uint32_t first_block = 0;  ///< of a relation's segment, within the relation
  bool is_ragged = false;         ///< of a relation: a part of a page stood behind `size`
  std::uint64_t mark = 0;         ///< file_marks.h
};
/// Where to open it: links in the data directory lead to tablespaces.
std::filesystem::path source_of(const ListedFile& file, const std::filesystem::path& data_directory);

/// The files of a cluster, which may be millions: packed, some 30 bytes each, in blocks of consecutive ones; where
/// there are more than fit into a few MiB, in a file without a name. So a backup's memory does not grow with their
/// number. Built by one thread; then read by many at once, each through a ListingReader of its own.
class Listing {
 public:
  struct Room {
    std::filesystem::path folder = {};                ///< of the file; empty: memory alone
    std::size_t memory_bytes = std::size_t{8} << 20;  ///< before there is one
  };
  Listing() : Listing(Room()) {}
  explicit Listing(Room room) : room_(std::move(room)) {}
  /// What is in order already.
  explicit Listing(std::span<const ListedFile> files);

  /// Paths ascend, but for pg_control, which comes last.
  void add(const ListedFile& file);

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool holds_control() const { return last_path_ == control_path; }
  /// How many come before pg_control.
  std::size_t size_without_control() const { return size_ - (holds_control() ? 1 : 0); }
  /// Bytes of all files.
  std::uint64_t bytes() const { return bytes_; }
  bool in_file() const { return spill_.file.valid(); }

 private:
  friend class ListingReader;
  static constexpr std::size_t block_files = 64;

  /// The files of a block, which begins with the file `block * block_files`.
  void read_block(std::size_t block, std::vector<ListedFile>& out) const;
  void close_block();
  void keep(ByteView block);

  Room room_;
  os::NamelessFile spill_;
  Bytes memory_;                       ///< all closed blocks, while they fit
  std::vector<std::uint64_t> begins_;  ///< of each closed block
  std::uint64_t kept_bytes_ = 0;       ///< of all closed blocks
  Bytes open_block_;
  ListedFile before_;  ///< in the open block
  std::string last_path_;
  std::size_t size_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Files of a listing by their number. Neighbours cost nothing: keeps the block that was used last. One thread at a
/// time.
class ListingReader {
 public:
  explicit ListingReader(const Listing& listing) : listing_(listing) {}  ///< keeps a reference

  /// Good until the next call.
  const ListedFile& operator[](std::size_t index);

 private:
  const Listing& listing_;
  std::vector<ListedFile> files_;  ///< of one block
  std::size_t block_ = SIZE_MAX;
};

}  // namespace owl::cluster
