#pragma once

#include <string>

namespace owl::storage {

/// Where an S3 store is, in the forms that requests need.
struct S3Place {
  std::string bucket;
  std::string prefix;     ///< without slashes at its ends; empty: the whole bucket
  std::string origin;     ///< https://host[:port], with the bucket in the host's name or not
  std::string host;       ///< the Host header: what `origin` says after the scheme
  std::string base_path;  ///< "/bucket" where the bucket is no part of the host's name, else empty
  std::string region;
};

struct S3PlaceOptions {
  std::string section;  ///< for messages: storage.primary
  std::string url;      ///< s3://bucket[/prefix]
  std::string endpoint = {};
  std::string region = "auto";
  std::string addressing = "auto";
};

/// Throws Error(config) naming the key of the section that is wrong. Pure.
S3Place resolve(const S3PlaceOptions& options);

}  // namespace owl::storage
