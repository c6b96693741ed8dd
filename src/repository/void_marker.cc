#include "base/units.h"
#include "repository/document.h"
#include "repository/manifest.h"

namespace owl::repository {
namespace {

// A void must stay small: listings read the headers of small objects alone to tell voids from manifests.
constexpr std::size_t longest_reason = 160, longest_host = 64;

}  // namespace

Bytes serialize(const VoidMarker& marker) {
  Bytes body;
  BinaryWriter out(body);
  out.text(std::string_view(marker.reason).substr(0, longest_reason));
  out.text(std::string_view(marker.host).substr(0, longest_host));
  put_timestamp(out, marker.when);
  return make_document(1, body);
}

Result<VoidMarker> parse_void_marker(ByteView bytes) {
  return read_document(bytes, 64 * KiB, "a void marker", [](BinaryReader& in) {
    return VoidMarker{in.text(), in.text(), get_timestamp(in)};
  });
}

}  // namespace owl::repository
