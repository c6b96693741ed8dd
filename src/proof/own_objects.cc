#include "proof/own_objects.h"

#include <algorithm>
#include <optional>
#include <set>

#include "repository/epoch_public.h"
#include "repository/object_keys.h"
#include "repository/repository.h"
#include "repository/restore_readme.h"
#include "repository/wrap_mac.h"

namespace owl::proof {
namespace {

namespace keys = repository::keys;

constexpr std::string_view made_anew =
    "No backup is damaged. Remove what stands there and run `owlbackup init`, which writes it anew.";
constexpr std::string_view key_advice =
    "What is stored is whole, but may not open with this store alone. Copy it from another store, or from a copy of "
    "this one.";

class OwnObjects {
 public:
  OwnObjects(repository::StoreSet::Member& member, const crypto::HostKeys& host, Findings& findings,
             const std::stop_token& stop)
      : store_(*member.store), host_(host), findings_(findings), stop_(stop) {}

  void run() {
    check_repository_object();
    check_readme();
    for (const auto& epoch : host_.epochs) {
      check_public(epoch);
      check_wraps(epoch);
    }
  }

 private:
  void note(std::string object, std::string what, Concern concern = Concern::upkeep) {
    const auto advice = concern == Concern::keys ? key_advice : made_anew;
    findings_.add({{}, std::move(object), std::move(what), concern, std::string(advice), {}});
  }

  std::optional<Bytes> get(const std::string& key) {
    auto bytes = store_.get(key, stop_);
    if (bytes) findings_.count([](VerifyResult& result) { ++result.own_objects; });
    return bytes;
  }

  void check_repository_object() {
    const std::string key(keys::repository_object);
    const auto standing = get(key);
    const auto expected = repository::expected_repository_object(host_);
    if (standing && expected && *standing == *expected) return;
    if (!has_our_keys()) repository::check_repository(store_, host_, stop_);  // somebody else's, or nobody's
    if (!standing) return note(key, "it is missing");
    if (expected) return note(key, "it is not what this repository's must be, byte for byte");
    findings_.guarded({{}, key, {}, Concern::upkeep, std::string(made_anew), {}},
                      [&] { repository::check_repository(store_, host_, stop_); });
  }

  /// Is it damaged, or another repository's? That hangs on the epochs beside it.
  bool has_our_keys() {
    return std::ranges::any_of(host_.epochs, [&](const crypto::HostEpoch& epoch) {
      const auto bytes = store_.get(keys::epoch_public(epoch.epoch), stop_);
      if (!bytes) return false;
      const auto half = repository::parse_epoch_public(*bytes);
      return half && half->public_key == epoch.public_key;
    });
  }

  void check_readme() {
    const std::string key(keys::restore_readme);
    const auto text = get(key);
    if (!text) return note(key, "it is missing");
    if (!repository::restore_readme_is_genuine(host_, *text))
      note(key, "somebody changed it: its last line is not the MAC of its text");
  }

  void check_public(const crypto::HostEpoch& epoch) {
    const auto key = keys::epoch_public(epoch.epoch);
    const auto standing = get(key);
    if (!standing) return note(key, "it is missing");
    if (expected_public(epoch, *standing) != *standing)
      note(key, "it is not what this host's key file says of the epoch, byte for byte");
  }

  /// What a host does not know of an epoch before its own is taken from what stands there: how its wraps were made.
  std::optional<Bytes> expected_public(const crypto::HostEpoch& epoch, ByteView standing) {
    const auto parsed = repository::parse_epoch_public(standing);
    if (!parsed) return std::nullopt;
    auto expected = *parsed;
    expected.epoch = epoch.epoch;
    expected.public_key = epoch.public_key;
    expected.commitment = crypto::derive_metadata_keys(epoch.m).commitment;
    if (epoch.epoch == 1) expected.mac.reset();
    if (epoch.epoch == host_.current().epoch) expected.mode = host_.mode;
    return repository::serialize(expected);
  }

  void check_wraps(const crypto::HostEpoch& epoch) {
    std::set<std::string> wraps, macs;
    for (const auto& info : storage::list_all(store_, keys::epoch_folder(epoch.epoch), stop_)) {
      if (keys::parse_epoch_wrap(info.key)) wraps.insert(info.key);
      if (const auto wrap = keys::parse_wrap_mac(info.key)) macs.insert(*wrap);
    }
    for (const auto& wrap : macs) {
      if (!wraps.contains(wrap)) note(wrap, "it is missing", Concern::keys);
    }
    for (const auto& wrap : wraps) check_wrap(epoch, wrap);
    if (wraps.empty() && macs.empty())
      note(keys::epoch_folder(epoch.epoch), "no wrapped secrets of the epoch are there", Concern::keys);
  }

  void check_wrap(const crypto::HostEpoch& epoch, const std::string& key) {
    const auto wrap = get(key);
    if (!wrap) return note(key, "it is missing", Concern::keys);
    const auto mac_key = keys::wrap_mac(key);
    const auto mac = get(mac_key);
    if (!mac)
      return note(mac_key, "it is missing, so that nobody can tell whether the wrapped secrets beside it are whole");
    const auto expected = repository::wrap_mac(host_.repository, epoch, key, *wrap);
    if (*mac == expected) return;
    // Which of the two is damaged can't be told: the worse is said.
    note(key, "it is damaged or forged, or the MAC beside it is: they do not fit together", Concern::keys);
  }

  storage::ObjectStore& store_;
  const crypto::HostKeys& host_;
  Findings& findings_;
  const std::stop_token& stop_;
};

}  // namespace

void check_own_objects(repository::StoreSet::Member& member, const crypto::HostKeys& host, Findings& findings,
                       const std::stop_token& stop) {
  OwnObjects(member, host, findings, stop).run();
}

}  // namespace owl::proof
