// What a machine does at best with the bytes of a cluster, for bench/cluster to compare with:
//
//   cluster_limits THREADS compress LEVEL < list     reads every listed file in pieces of 1 MiB and compresses each by
//                                                    itself; prints how many bytes came out, keeps none
//   cluster_limits THREADS pack LEVEL FILE < list    the same into a file, for
//   cluster_limits THREADS unpack FILE TO            reads, decompresses and writes them one behind the other, durably
//
// Pieces of small files are put together as any sensible program does. libzstd straight, not our own use of it.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t piece_size = 1 << 20, alignment = 4096;

void require(bool good, const char* what) {
  if (good) return;
  std::perror(what);
  std::exit(1);
}

struct Part {
  std::string path;
  std::uint64_t offset = 0, length = 0;
};
using Piece = std::vector<Part>;

std::vector<Piece> plan(std::istream& list) {
  std::vector<Piece> pieces;
  Piece small;
  std::uint64_t small_size = 0;
  for (std::string path; std::getline(list, path);) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || info.st_size == 0) continue;
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size >= piece_size / 4) {
      for (std::uint64_t at = 0; at < size; at += piece_size) {
        pieces.push_back({{path, at, std::min<std::uint64_t>(piece_size, size - at)}});
      }
      continue;
    }
    if (small_size + size > piece_size) pieces.push_back(std::exchange(small, {})), small_size = 0;
    small.push_back({path, 0, size});
    small_size += size;
  }
  if (!small.empty()) pieces.push_back(small);
  return pieces;
}

char* aligned_buffer(std::size_t size) {
  auto* const buffer =
      static_cast<char*>(std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment));
  require(buffer != nullptr, "aligned_alloc");
  return buffer;
}

std::size_t read_piece(const Piece& piece, char* to) {
  std::size_t size = 0;
  for (const auto& part : piece) {
    const int fd = ::open(part.path.c_str(), O_RDONLY | O_CLOEXEC);
    require(fd >= 0, part.path.c_str());
    const auto got = ::pread(fd, to + size, part.length, static_cast<off_t>(part.offset));
    require(got >= 0, part.path.c_str());
    size += static_cast<std::size_t>(got);
    ::close(fd);
  }
  return size;
}

template <typename Work>
void in_threads(unsigned threads, Work work) {
  std::vector<std::thread> running;
  for (unsigned i = 0; i < threads; ++i) running.emplace_back(work);
  for (auto& thread : running) thread.join();
}

/// `take` gets each compressed piece, from any thread.
template <typename Take>
void compress(unsigned threads, int level, Take take) {
  const auto pieces = plan(std::cin);
  std::atomic<std::size_t> next{0};
  in_threads(threads, [&] {
    auto* const context = ZSTD_createCCtx();
    auto* const plain = aligned_buffer(piece_size);
    const std::size_t room = ZSTD_compressBound(piece_size);
    auto* const packed = aligned_buffer(room);
    for (std::size_t i; (i = next++) < pieces.size();) {
      const auto size = read_piece(pieces[i], plain);
      const auto packed_size = ZSTD_compressCCtx(context, packed, room, plain, size, level);
      require(ZSTD_isError(packed_size) == 0, "zstd");
      take(packed, packed_size, size);
    }
    std::free(plain);
    std::free(packed);
    ZSTD_freeCCtx(context);
  });
}

struct Header {
  std::uint64_t packed_size, plain_size;
};

void pack(unsigned threads, int level, const std::string& path) {
  std::ofstream out(path, std::ios::binary);
  std::mutex mutex;
  compress(threads, level, [&](const char* packed, std::size_t packed_size, std::size_t size) {
    const Header header{packed_size, size};
    const std::lock_guard lock(mutex);
    out.write(reinterpret_cast<const char*>(&header), sizeof header);
    out.write(packed, static_cast<std::streamsize>(packed_size));
  });
  require(out.flush().good(), path.c_str());
}

/// Each piece takes a place of its full size, so that every write is aligned.
void unpack(unsigned threads, const std::string& from, const std::string& to) {
  const int in = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  require(in >= 0, from.c_str());
  int out = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
  if (out < 0) out = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  require(out >= 0, to.c_str());
  std::mutex mutex;
  off_t position = 0, place = 0;
  in_threads(threads, [&] {
    auto* const context = ZSTD_createDCtx();
    auto* const plain = aligned_buffer(piece_size);
    std::vector<char> packed(ZSTD_compressBound(piece_size));
    while (true) {
      Header header{};
      off_t at = 0, target = 0;
      {
        const std::lock_guard lock(mutex);
        if (::pread(in, &header, sizeof header, position) != sizeof header) break;
        at = position + static_cast<off_t>(sizeof header);
        position = at + static_cast<off_t>(header.packed_size);
        target = std::exchange(place, place + static_cast<off_t>(piece_size));
      }
      require(::pread(in, packed.data(), header.packed_size, at) == static_cast<ssize_t>(header.packed_size), "read");
      const auto size = ZSTD_decompressDCtx(context, plain, piece_size, packed.data(), header.packed_size);
      require(size == header.plain_size, "zstd");
      const auto rounded = (size + alignment - 1) / alignment * alignment;
      require(::pwrite(out, plain, rounded, target) == static_cast<ssize_t>(rounded), to.c_str());
    }
    std::free(plain);
    ZSTD_freeDCtx(context);
  });
  require(::fsync(out) == 0, "fsync");
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  if (arguments.size() < 3) return 2;
  const auto threads = static_cast<unsigned>(std::stoul(arguments[0]));
  if (arguments[1] == "compress") {
    std::atomic<std::uint64_t> total{0};
    compress(threads, std::stoi(arguments[2]), [&](const char*, std::size_t size, std::size_t) { total += size; });
    std::cout << total << "\n";
  } else if (arguments[1] == "pack" && arguments.size() == 4) {
    pack(threads, std::stoi(arguments[2]), arguments[3]);
  } else if (arguments[1] == "unpack" && arguments.size() == 4) {
    unpack(threads, arguments[2], arguments[3]);
  } else {
    return 2;
  }
}
