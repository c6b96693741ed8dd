#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/clock.h"
#include "crypto/keys.h"

namespace owl::crypto {

/// "Random" bytes that count up from `next`: what is sealed with them can be written down in a test.
class CountingRandom final : public Random {
 public:
  explicit CountingRandom(std::uint8_t next = 0) : next_(next) {}
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_;
};

template <std::size_t N>
ByteArray<N> counting(std::uint8_t first) {
  return CountingRandom(first).array<N>();
}

/// Golden values here were computed by another program, written in Python from docs/format alone.
inline Bytes hex(std::string_view text) {
  return value_or_throw(from_hex(text));
}
template <std::size_t N>
ByteArray<N> hex_array(std::string_view text) {
  return value_or_throw(array_from_hex<N>(text));
}
inline SecretKey secret(std::string_view digits) {
  return SecretKey(hex(digits));
}
inline Bytes bytes_of(std::string_view text) {
  return to_bytes(as_bytes(text));
}

/// Bytes without a pattern that a period could hide.
inline Bytes sample(std::size_t size) {
  Bytes out(size);
  std::uint32_t state = 12345;
  for (auto& byte : out) byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return out;
}

/// The same repository in all tests, so that golden bytes fit together.
inline EpochSecrets test_secrets(std::uint32_t epoch = 1) {
  const auto byte = [&](std::uint32_t base) { return static_cast<std::uint8_t>(base + epoch); };
  return {counting<16>(0x10), epoch, SecretKey(counting<32>(byte(0x20))), SecretKey(counting<32>(byte(0x60))),
          SecretKey(counting<32>(0xc0))};
}
inline HostKeys test_host_keys(std::uint32_t epoch = 1) {
  CountingRandom random(0xa0);
  return make_host_keys(test_secrets(epoch), KeyMode::openpgp, {"00112233445566778899AABBCCDDEEFF00112233"},
                        counting<32>(0x77), random);
}

/// Calls `body(damaged, what)` with every bit of `whole` flipped, one at a time.
template <typename Body>
void for_each_flipped_bit(const Bytes& whole, Body body) {
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes damaged = whole;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ 1U << bit % 8);
    body(damaged, "bit " + std::to_string(bit % 8) + " of byte " + std::to_string(bit / 8));
  }
}

/// Calls `body(cut, what)` with every proper prefix.
template <typename Body>
void for_each_truncation(const Bytes& whole, Body body) {
  for (std::size_t size = 0; size < whole.size(); ++size) {
    body(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), std::to_string(size) + " bytes");
  }
}

/// Runs `body`, which must throw an Error, and gives it.
template <typename Body>
Error error_of(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorKind::internal, "nothing was thrown");
}

}  // namespace owl::crypto
