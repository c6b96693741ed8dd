#include "base/units.h"
#include "repository/document.h"
#include "repository/lease.h"

namespace owl::repository {
namespace {

LeaseBody get_lease_body(BinaryReader& in) {
  LeaseBody body;
  body.manifest_key = in.text();
  body.purpose = in.text();
  body.writer = in.array<8>();
  body.host = in.text();
  body.process = in.varint();
  body.started = get_timestamp(in);
  body.expires = get_timestamp(in);
  body.wal_system = in.u64();
  body.wal_timeline = get_u32(in);
  body.wal_start = in.u64();
  body.backup_key = in.text();
  return body;
}

}  // namespace

Bytes serialize(const LeaseBody& body) {
  Bytes bytes;
  BinaryWriter out(bytes);
  out.text(body.manifest_key);
  out.text(body.purpose);
  out.raw(body.writer);
  out.text(body.host);
  out.varint(body.process);
  put_timestamp(out, body.started);
  put_timestamp(out, body.expires);
  out.u64(body.wal_system);
  out.varint(body.wal_timeline);
  out.u64(body.wal_start);
  out.text(body.backup_key);
  return make_document(1, bytes);
}

Result<LeaseBody> parse_lease_body(ByteView bytes) {
  return read_document(bytes, 64 * KiB, "a lease", get_lease_body);
}

}  // namespace owl::repository
