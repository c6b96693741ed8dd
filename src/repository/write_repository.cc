#include <fmt/core.h>

#include <optional>

#include "repository/epoch_public.h"
#include "repository/object_keys.h"
#include "repository/repository.h"
#include "repository/restore_readme.h"
#include "repository/wrap_mac.h"
#include "storage/write_once.h"

namespace owl::repository {
namespace {

/// The steps of `init` in all stores. Looks at everything first: what belongs to somebody else stops it before it has
/// written anything anywhere.
class Initialisation {
 public:
  Initialisation(StoreSet& stores, const InitOptions& options, const crypto::HostKeys& host, ByteView wrap,
                 Clock& clock)
      : stores_(stores),
        host_(host),
        clock_(clock),
        wrap_key_(keys::epoch_wrap(1, 1, host.mode)),
        public_(serialize(first_epoch_public(host))),
        readme_(restore_readme(host, options.name)),
        owl_json_(serialize(RepositoryObject{host.repository, 1, {}}, *host.find(1))) {
    if (!wrap.empty()) wrap_ = to_bytes(wrap);
  }

  void run() {
    for (auto& member : stores_.alive()) look_at(member);
    require_wrap();
    for (auto& member : stores_.alive()) write_to(member);
  }

 private:
  void look_at(StoreSet::Member& member) {
    if (read_repository_object(*member.store)) return check_repository(*member.store, host_);
    const auto half = member.store->get(keys::epoch_public(1));
    if (half && *half != public_) throw somebody_elses(member);
    const auto standing = member.store->get(wrap_key_);
    if (!standing) return;
    // Without our public half beside it nobody can tell whose wrap this is, unless it is the very one at hand.
    if (!half && wrap_ && *standing != *wrap_) throw somebody_elses(member);
    if (!wrap_ && half) wrap_ = standing;
    if (!wrap_) unclaimed_ = member.name;
  }

  Error somebody_elses(const StoreSet::Member& member) const {
    return Error(ErrorKind::conflict,
                 fmt::format("{} holds the beginnings of another repository under keys/", member.store->description()))
        .with_hint(
            "Another `init` was interrupted there. Finish it with its own key file; or, if that is lost, nothing "
            "can have been backed up there yet: remove keys/ and begin anew.");
  }

  /// A key file without its wrap is worth nothing: what were sealed under it nobody could ever open.
  void require_wrap() {
    for (auto& member : stores_.alive()) {
      if (wrap_) return;
      if (read_repository_object(*member.store)) wrap_ = whole_wrap(member);
    }
    if (wrap_) return;
    throw Error(ErrorKind::refused,
                "the key file belongs to an `init` that was interrupted before it stored the wrapped "
                "secrets in any store: they are lost, and nothing was sealed with them")
        .with_hint(unclaimed_.empty() ? "Remove the key file and run `owlbackup init` again."
                                      : "Remove the key file and, in store " + unclaimed_ +
                                            ", the folder keys/, and run `owlbackup init` again.");
  }

  /// nullopt: there is none, or it is not what its MAC says.
  std::optional<Bytes> whole_wrap(StoreSet::Member& member) {
    auto wrap = member.store->get(wrap_key_);
    const auto mac = member.store->get(keys::wrap_mac(wrap_key_));
    if (wrap && mac && *mac != wrap_mac(host_.repository, *host_.find(1), wrap_key_, *wrap)) return std::nullopt;
    return wrap;
  }

  void write_to(StoreSet::Member& member) {
    put(member, wrap_key_, *wrap_, true);
    put(member, keys::wrap_mac(wrap_key_), wrap_mac(host_.repository, *host_.find(1), wrap_key_, *wrap_), true);
    put(member, keys::epoch_public(1), public_, true);
    put(member, std::string(keys::restore_readme), as_bytes(readme_), false);
    put(member, std::string(keys::repository_object), owl_json_, true);
  }

  /// Leaves alone what stands there: `look_at` knows whose it is.
  void put(StoreSet::Member& member, const std::string& key, ByteView bytes, bool must_be_ours) {
    if (member.store->stat(key)) return;
    const auto result = storage::create(*member.store, clock_, key, std::span(&bytes, 1), bytes.size());
    if (result == storage::CreateResult::created || !must_be_ours) return;
    throw Error(ErrorKind::conflict,
                fmt::format("somebody else has just stored {} in {}", key, member.store->description()));
  }

  StoreSet& stores_;
  const crypto::HostKeys& host_;
  Clock& clock_;
  const std::string wrap_key_;
  const Bytes public_;
  const std::string readme_;
  const Bytes owl_json_;
  std::optional<Bytes> wrap_;
  std::string unclaimed_;  ///< a store where a wrap stands that nobody can attribute
};

}  // namespace

void write_repository(StoreSet& stores, const InitOptions& options, const crypto::HostKeys& host, ByteView wrap,
                      Clock& clock, Random&) {
  Initialisation(stores, options, host, wrap, clock).run();
}

}  // namespace owl::repository
