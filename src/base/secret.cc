#include "base/secret.h"

#include <cstring>

namespace owl {

Secret::~Secret() { explicit_bzero(value_.data(), value_.size()); }

}  // namespace owl
