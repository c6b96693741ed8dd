#include "storage/meter.h"

#include <gtest/gtest.h>

#include "storage/memory_store.h"
#include "storage/test_support.h"

namespace owl::storage {
namespace {

class MeterTest : public testing::Test {
 protected:
  FakeClock clock_;
  std::shared_ptr<Meter> meter_ = std::make_shared<Meter>();
  StorePtr store_ = metered(std::make_shared<MemoryStore>("primary", clock_), meter_);
};

TEST_F(MeterTest, CountsByClassAndBytes) {
  store_->put_once("a/b", as_bytes("hello"));
  store_->put_once("a/b", as_bytes("hello"));  // refused, and billed
  store_->get("a/b");
  store_->get("absent");
  store_->get_range("a/b", {1, 2});
  store_->stat("a/b");
  store_->list_folders("");
  list_all(*store_, "");
  store_->remove("a/b");
  const auto reading = meter_->read();
  EXPECT_EQ(reading.class_a, 4u);
  EXPECT_EQ(reading.class_b, 4u);
  EXPECT_EQ(reading.deletes, 1u);
  EXPECT_EQ(reading.bytes_up, 10u);
  EXPECT_EQ(reading.bytes_down, 7u);
  EXPECT_EQ(reading.retries, 0u);
}

TEST_F(MeterTest, AListingCostsARequestForEachThousand) {
  for (int i = 0; i < 2001; ++i) store_->put_once("k" + std::to_string(i), ByteView());
  const auto before = meter_->read().class_a;
  list_all(*store_, "");
  EXPECT_EQ(meter_->read().class_a - before, 3u);
}

}  // namespace
}  // namespace owl::storage
