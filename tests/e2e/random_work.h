#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "e2e/site.h"

namespace owl::test {

/// Work on a cluster, drawn from a seed, of every kind that changes files in a way of its own: rows, indexes of all
/// kinds, files that grow, shrink, move, come and go, databases by both strategies and under a number that was used
/// before, prepared transactions, what is rolled back, and crashes.
class RandomWork {
 public:
  RandomWork(Site& site, std::uint64_t seed);

  /// Does that many things.
  void run(int count);
  /// What was done so far, and how often.
  const std::map<std::string, int>& done() const { return done_; }
  /// The last ones, for messages.
  std::string last() const { return last_; }
  /// What the rows of all tables of all databases add up to, to be asked of any server.
  static std::map<std::string, std::string> sums(
      const std::function<std::string(const std::string& database)>& conninfo);

 private:
  using Kind = void (RandomWork::*)();
  struct NamedKind {
    const char* name;
    Kind does;
  };
  static const std::vector<NamedKind> kinds;

  int draw(int least, int most);
  std::string table();  ///< an existing one; made where it isn't
  std::string new_name();
  void sql(const std::string& text);
  void sql_may_fail(const std::string& text);

  void insert_rows();
  void update_rows();
  void delete_rows();
  void cut_tail();
  void build_index();
  void reindex();
  void vacuum();
  void vacuum_full();
  void cluster_table();
  void truncate();
  void truncate_and_roll_back();
  void move_to_tablespace();
  void drop_table();
  void roll_back_new_table();
  void prepare_and_commit();
  void prepare_and_roll_back();
  void set_logged();
  void large_message();
  void toast_rows();
  void use_sequence();
  void make_database();
  void drop_database();
  void reuse_database_number();
  void write_in_database();
  void checkpoint();
  void switch_segment();
  void crash();
  void restart();

  Site& site_;
  std::mt19937_64 random_;
  int names_ = 0, prepared_ = 0;
  std::map<std::string, int> done_;
  std::string last_;
};

}  // namespace owl::test
