// The section of a manifest that belongs to the cluster.

#include "cluster/details.h"
#include "round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  owl::fuzz::check_round_trip({data, size}, owl::cluster::parse_cluster_details);
  return 0;
}
