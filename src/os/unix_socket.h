#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "os/file_descriptor.h"

namespace owl::os {

/// One line and the descriptors that came beside it (SCM_RIGHTS, unix(7)).
struct SocketMessage {
  std::string line;  ///< without its end; empty: the peer went away
  std::vector<FileDescriptor> descriptors;
};

/// One accepted conversation on a Unix socket: short lines of text, descriptors beside the first. One thread.
class SocketConversation {
 public:
  explicit SocketConversation(FileDescriptor fd) : fd_(std::move(fd)) {}

  /// Who is there (SO_PEERCRED): can't be forged. nullopt: the kernel won't say.
  std::optional<std::uint32_t> peer_uid() const;
  /// The request. At most 4 KiB and eight descriptors are taken; waits no longer than `patience` for it.
  SocketMessage receive(std::chrono::milliseconds patience) const;
  /// One line; what would end it early is made a blank. A peer that is gone is no error.
  void answer(std::string text) const;

 private:
  FileDescriptor fd_;
};

/// A listening Unix socket, 0600 and the given account's; removed by the destructor. A stale file that nobody listens
/// on is replaced; throws Error(already_exists) where somebody does. `accept` belongs to one thread.
class SocketListener {
 public:
  explicit SocketListener(std::filesystem::path path, std::optional<std::uint32_t> owner_uid = {});
  SocketListener(const SocketListener&) = delete;
  ~SocketListener();

  /// nullopt: nobody came in time.
  std::optional<SocketConversation> accept(std::chrono::milliseconds patience) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  FileDescriptor fd_;
};

/// Sends one line with descriptors to whoever listens there and returns the answer's line. nullopt: nobody listens, or
/// there was no answer in time.
std::optional<std::string> ask_socket(const std::filesystem::path& path, std::string_view line,
                                      std::span<const int> descriptors = {},
                                      std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace owl::os
