#include "cluster/recovery_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/reversed.h"
#include "cluster/open_tail.h"
#include "cluster/reachable.h"
#include "cluster/stop_point.h"
#include "cluster/wal_chain.h"

namespace owl::cluster {
namespace {

using Kind = RestoreTarget::Kind;

std::string name_of(const Candidate& candidate) {
  return fmt::format("the backup of {}", to_iso(candidate.loaded.manifest.finished));
}

/// Notes the events of the one record that begins at `tail`.
class TailEvents final : public postgres::WalVisitor {
 public:
  TailEvents(RecoveryPlan& plan, postgres::Lsn tail) : plan_(plan), tail_(tail) {}
  void record(const postgres::WalRecord& record) override { passed_ = passed_ || record.lsn > tail_; }
  void tablespace_create(const postgres::TablespaceCreate& created) override {
    if (created.lsn >= tail_ && !passed_) plan_.tablespaces_created.push_back(created);
  }
  void parameter_change(const postgres::ParameterChange& change) override {
    if (change.lsn >= tail_ && !passed_) plan_.parameter_changes.push_back(change);
  }
  void database_create(const postgres::DatabaseCreate& created) override {
    if (created.lsn >= tail_ && !passed_) plan_.databases_created.push_back(created);
  }
  bool passed() const { return passed_; }

 private:
  RecoveryPlan& plan_;
  postgres::Lsn tail_;
  bool passed_ = false;
};

/// Weighs the candidates against one target, newest first, and remembers why each was passed over.
class Planner {
 public:
  Planner(const RestoreTarget& target, const wal::Archive& archive, wal::Fetcher& fetcher, std::stop_token stop)
      : target_(target),
        archive_(archive),
        fetcher_(fetcher),
        infos_(fetcher),
        open_tails_(fetcher, infos_, stop),
        moments_(infos_, fetcher, target.exclusive, stop),
        stop_(stop) {}

  RecoveryPlan plan(std::vector<Candidate> candidates) {
    std::ranges::sort(candidates, {}, [](const Candidate& c) { return c.details.stop; });
    for (auto& candidate : reversed(candidates)) {
      if (auto found = weigh(candidate)) return std::move(*found);
    }
    throw refusal(candidates);
  }

 private:
  std::optional<RecoveryPlan> weigh(const Candidate& candidate) {
    const auto chain = choose_chain(candidate);
    if (!chain || !covers_backup(candidate, *chain)) return std::nullopt;
    if (target_.kind == Kind::immediate) return finish(candidate, *chain, std::nullopt);
    if (target_.kind == Kind::latest) {
      if (chain->missing) return pass_over(candidate, gap_text(*chain));
      return finish(candidate, *chain, std::nullopt);
    }
    if (target_.kind == Kind::time && target_.time < candidate.details.start_time) {
      return pass_over(candidate, fmt::format("{} was begun at {}, after that moment", name_of(candidate),
                                              to_postgres(candidate.details.start_time)));
    }
    const auto stop = find_stop(target_, *chain, candidate.details.start, candidate.details.wal_segment_size, infos_,
                                fetcher_, stop_);
    if (!stop) return pass_over(candidate, no_stop_text(candidate, *chain));
    if (stop->lsn < candidate.details.stop) {
      return pass_over(candidate, fmt::format("{} was consistent only after that moment", name_of(candidate)));
    }
    return finish(candidate, *chain, *stop);
  }

  std::nullopt_t pass_over(const Candidate&, std::string reason) {
    reasons_.push_back(std::move(reason));
    return std::nullopt;
  }

  /// The timeline that was asked for, or the newest one that follows from the backup.
  std::optional<WalChain> choose_chain(const Candidate& candidate) {
    auto timelines = archive_.timelines();
    std::erase_if(timelines, [&](auto t) { return t < candidate.details.timeline; });
    if (target_.timeline) timelines = {*target_.timeline};
    if (timelines.empty()) timelines = {candidate.details.timeline};
    std::ranges::sort(timelines, std::greater{});
    for (auto timeline : timelines) {
      const auto history = history_of(timeline);
      if (!history) continue;
      auto chain = chain_from(candidate.details, timeline, *history, archive_);
      if (!chain) continue;
      open_tails_.add_to(*chain, candidate.details.wal_segment_size, archive_);
      return chain;
    }
    pass_over(candidate, fmt::format("{} (timeline {}) does not lead to timeline {}", name_of(candidate),
                                     candidate.details.timeline, timelines.front()));
    return std::nullopt;
  }

  std::optional<std::vector<postgres::TimelineSwitch>> history_of(postgres::TimelineId timeline) {
    const auto known = histories_.find(timeline);
    if (known != histories_.end()) return known->second;
    std::optional<std::vector<postgres::TimelineSwitch>> history;
    try {
      history = fetcher_.history(timeline, stop_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) throw;
      reasons_.push_back(fmt::format("the history file of timeline {} is missing", timeline));
    }
    histories_.emplace(timeline, history);
    return history;
  }

  /// The backup's own WAL, start to stop, is what makes it consistent.
  bool covers_backup(const Candidate& candidate, const WalChain& chain) {
    const auto size = candidate.details.wal_segment_size;
    const auto last_needed = (candidate.details.stop.value - 1) / size;
    const bool is_there = !chain.segments.empty() && chain.segments.back().number >= last_needed;
    if (is_there && (!chain.open_end || *chain.open_end >= candidate.details.stop)) return true;
    pass_over(candidate, fmt::format("{} lacks WAL segment {}, without which it is not consistent", name_of(candidate),
                                     chain.next));
    return false;
  }

  static std::string gap_text(const WalChain& chain) {
    return fmt::format("WAL segment {} is missing, though later ones are there", *chain.missing);
  }

  std::string no_stop_text(const Candidate& candidate, const WalChain& chain) {
    if (chain.missing) return gap_text(chain);
    if (target_.kind == Kind::time) {
      const auto last =
          moments_.greatest_time(chain, candidate.details.wal_segment_size, candidate.details.start, std::nullopt);
      return last ? fmt::format("the last transaction in the archive ended at {}: nothing later can be told from it",
                                to_postgres(*last))
                  : "the archive holds no transaction after the backup";
    }
    return fmt::format("{} is not in the WAL archived since {}", to_text(target_), name_of(candidate));
  }

  RecoveryPlan finish(const Candidate& candidate, const WalChain& chain, std::optional<StopPoint> stop) {
    RecoveryPlan plan{candidate, target_, chain.path, chain.segments, std::nullopt, std::nullopt, {}, {}, {}};
    if (target_.kind == Kind::immediate)
      cut(plan, (candidate.details.stop.value - 1) / candidate.details.wal_segment_size);
    if (stop) {
      plan.stop_lsn = stop->lsn;
      plan.stop_time = stop->time;
      cut(plan, stop->lsn.value / candidate.details.wal_segment_size);
    }
    collect_events(plan);
    refuse_minimal(plan);
    return plan;
  }

  static void cut(RecoveryPlan& plan, std::uint64_t last_number) {
    std::erase_if(plan.segments, [&](const auto& segment) { return segment.number > last_number; });
  }

  /// What the WAL to be replayed does besides changing pages.
  void collect_events(RecoveryPlan& plan) {
    const auto size = plan.base.details.wal_segment_size;
    std::vector<std::string> names;
    for (const auto& segment : plan.segments) names.push_back(postgres::to_file_name(segment, size));
    infos_.load(names, stop_);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto& info = infos_.get(names[i]).segment;
      std::ranges::copy(info.tablespaces, std::back_inserter(plan.tablespaces_created));
      std::ranges::copy(info.parameters, std::back_inserter(plan.parameter_changes));
      if (info.events) std::ranges::copy(info.events->database_creates, std::back_inserter(plan.databases_created));
      if (info.events_at_tail) add_tail_events(plan, i, info.next_record);
    }
    const auto outside = [&](const auto& event) {
      return event.lsn < plan.base.details.start || (plan.stop_lsn && event.lsn > *plan.stop_lsn);
    };
    std::erase_if(plan.tablespaces_created, outside);
    std::erase_if(plan.parameter_changes, outside);
    std::erase_if(plan.databases_created, outside);
  }

  /// A record that lies across the border to the next segment is in neither's info.
  void add_tail_events(RecoveryPlan& plan, std::size_t index, postgres::Lsn tail) {
    TailEvents events(plan, tail);
    decode_segments(
        plan.segments, index, 2, plan.base.details.wal_segment_size, fetcher_, events, [&] { return events.passed(); },
        stop_);
  }

  /// WAL written at wal_level=minimal lacks what archive recovery needs: the server would stop with FATAL.
  static void refuse_minimal(const RecoveryPlan& plan) {
    for (const auto& change : plan.parameter_changes) {
      if (change.wal_level != 0) continue;
      throw Error(ErrorKind::refused,
                  fmt::format("the server ran with wal_level = minimal from LSN {} on: recovery from {} "
                              "can't pass that point",
                              postgres::to_text(change.lsn), name_of(plan.base)))
          .with_hint("Choose a target before it, or a backup made after it. Nothing was changed.");
    }
  }

  Error refusal(const std::vector<Candidate>& candidates) {
    std::string why;
    for (const auto& reason : reasons_) {
      if (why.find(reason) == why.npos) why += (why.empty() ? "" : "; ") + reason;
    }
    if (candidates.empty()) why = "there is no backup";
    return Error(ErrorKind::refused, fmt::format("can't restore to {}: {}", to_text(target_), why))
        .with_hint(reachable(candidates));
  }

  /// From which moment to which a time target can name, exactly. Of several backups that the same WAL leads on from,
  /// the oldest serves all moments of the others.
  std::string reachable(const std::vector<Candidate>& candidates) {
    if (candidates.empty()) return "Make one with `owlbackup backup cluster`. Nothing was changed.";
    std::vector<MomentRange> ranges;
    std::map<std::string, MomentRange> by_end;
    bool any = false;
    for (const auto& candidate : candidates) {
      const auto chain = choose_chain(candidate);
      if (!chain || !covers_backup(candidate, *chain)) continue;
      any = true;
      const auto served = by_end.find(chain->next);
      if (served != by_end.end() && candidate.details.start_time >= served->second.first) continue;
      if (const auto range = moments_.of(candidate.details, *chain)) {
        ranges.push_back(*range);
        if (!moments_.meets_minimal(candidate.details, *chain)) by_end.emplace(chain->next, *range);
      }
    }
    if (!any) return "No backup has the WAL that it needs. Nothing was changed.";
    if (ranges.empty())
      return "No transaction ended after a backup, so no moment can be named; without a target, all that is archived. "
             "Nothing was changed.";
    return fmt::format("Moments that can be reached: {}; without a target, all that is archived. Nothing was changed.",
                       to_text(merged(std::move(ranges))));
  }

  const RestoreTarget& target_;
  const wal::Archive& archive_;
  wal::Fetcher& fetcher_;
  WalInfos infos_;
  OpenTails open_tails_;
  ReachableMoments moments_;
  std::stop_token stop_;
  std::map<postgres::TimelineId, std::optional<std::vector<postgres::TimelineSwitch>>> histories_;
  std::vector<std::string> reasons_;
};

}  // namespace

RecoveryPlan plan_recovery(std::vector<Candidate> candidates, const RestoreTarget& target, const wal::Archive& archive,
                           wal::Fetcher& unbounded_fetcher, Monitor& monitor, std::stop_token stop) {
  monitor.phase("planning the recovery", 0);
  auto plan = Planner(target, archive, unbounded_fetcher, stop).plan(std::move(candidates));
  monitor.note(fmt::format("restoring to {} from the backup of {} with {} WAL segments on timeline {}", to_text(target),
                           to_iso(plan.base.loaded.manifest.finished), plan.segments.size(), plan.path.target()));
  return plan;
}

}  // namespace owl::cluster
