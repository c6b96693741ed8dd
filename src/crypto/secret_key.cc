#include "crypto/secret_key.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

#include "base/check.h"
#include "crypto/wipe.h"

namespace owl::crypto {

/// One page of its own for each key: locking and the exclusion from dumps work on whole pages, and a page that holds
/// nothing else can be given back without asking who else is on it.
struct LockedMemory {
  LockedMemory() : size(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) {
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    // Both may fail (RLIMIT_MEMLOCK in a container, an old kernel). A key that could be swapped out is better than no
    // backup, so neither is an error.
    ::mlock(memory, size);
    ::madvise(memory, size, MADV_DONTDUMP);
    data = static_cast<std::uint8_t*>(memory);
  }
  LockedMemory(const LockedMemory&) = delete;
  LockedMemory& operator=(const LockedMemory&) = delete;
  ~LockedMemory() {
    explicit_bzero(data, SecretKey::size);
    ::munmap(data, size);  // unlocks, too
  }
  MutableBytes key() { return {data, SecretKey::size}; }

  std::size_t size;
  std::uint8_t* data = nullptr;
};

SecretKey::SecretKey(ByteView bytes32) {
  OWL_CHECK(bytes32.size() == size, "a key has 32 bytes");
  const auto memory = std::make_shared<LockedMemory>();
  std::ranges::copy(bytes32, memory->key().begin());
  memory_ = memory;
}

SecretKey SecretKey::random(Random& random) {
  const auto memory = std::make_shared<LockedMemory>();
  random.fill(memory->key());
  SecretKey key;
  key.memory_ = memory;
  return key;
}

ByteView SecretKey::view() const {
  OWL_CHECK(memory_, "use of a key that is not there");
  return {memory_->data, size};
}

bool same_secret(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace owl::crypto
