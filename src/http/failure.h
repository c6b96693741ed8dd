#pragma once

#include <chrono>
#include <string>

#include "base/error.h"

namespace owl::http {

/// What libcurl knows of an exchange that failed.
struct Failure {
  int curl_code = 0;
  std::string detail = {};  ///< CURLOPT_ERRORBUFFER
  int os_errno = 0;         ///< of connect(2)
  bool connected = false;   ///< a connection stood, so the server may have seen the request
  std::string origin = {};  ///< https://host:port
  std::string ca_file = {};
  std::chrono::milliseconds connect_timeout{0};
};

/// The Error that a person should read: kind, why and what to do.
Error to_error(const Failure& failure);

}  // namespace owl::http
