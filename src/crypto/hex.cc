#include "crypto/hex.h"

namespace owl::crypto {

std::string to_upper_hex(ByteView bytes) {
  std::string text = to_hex(bytes);
  for (char& c : text) {
    if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

}  // namespace owl::crypto
