#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "http/client.h"

namespace owl::storage {

/// Who speaks to whom, for messages.
struct S3Speaker {
  std::string name;  ///< of the store: primary
  std::string bucket, region;
};

/// The Error for an answer that is none of the outcomes its request provides for: kind by S3's error code where there
/// is one, else by the HTTP status; why, and what to do. `now` is this host's time, to say how far its clock is off.
Error to_error(const http::Response& response, const S3Speaker& speaker, Timestamp now);

}  // namespace owl::storage
