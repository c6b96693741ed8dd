#pragma once

#include <string>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace owl {

/// What a parser of somebody else's bytes returns. It stops at its caller, which decides whether a bad input is an
/// error (`value_or_throw`), a thing to skip, or an answer.
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

/// A failed Result with kind integrity: "<what>".
inline tl::unexpected<Error> bad_format(std::string what) {
  return tl::unexpected<Error>(Error(ErrorKind::integrity, std::move(what)));
}

template <typename T>
T value_or_throw(Result<T> result) {
  if (!result) throw Error(std::move(result.error()));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace owl
