#include "codec/columns.h"

#include <gtest/gtest.h>

namespace owl::codec {
namespace {

TEST(Columns, SmallDifferencesOfEitherSignAreSmallNumbers) {
  EXPECT_EQ(zigzag<std::uint32_t>(0), 0u);
  EXPECT_EQ(zigzag<std::uint32_t>(~0u), 1u);
  EXPECT_EQ(zigzag<std::uint32_t>(1), 2u);
  EXPECT_EQ(zigzag<std::uint16_t>(0x8000), 0xffff);
  EXPECT_EQ(zigzag<std::uint64_t>(~std::uint64_t{0} - 1), 3u);
  for (unsigned value = 0; value < 0x10000; ++value) {
    ASSERT_EQ(unzigzag(zigzag(static_cast<std::uint16_t>(value))), value);
  }
}

TEST(Columns, DeltasGoOnFromCallToCall) {
  const std::array<std::uint32_t, 4> values{10, 9, 0xffffffff, 5};
  std::array<std::uint32_t, 4> deltas;
  EXPECT_EQ(to_deltas(values.data(), 2, 8u, deltas.data()), 9u);
  EXPECT_EQ(to_deltas(values.data() + 2, 2, 9u, deltas.data() + 2), 5u);
  EXPECT_EQ(deltas, (std::array<std::uint32_t, 4>{4, 1, 19, 12}));
  EXPECT_EQ(from_deltas(deltas.data(), 3, 8u), 0xffffffffu);
  EXPECT_EQ(from_deltas(deltas.data() + 3, 1, 0xffffffffu), 5u);
  EXPECT_EQ(deltas, values);
  EXPECT_EQ(to_deltas(values.data(), 0, 8u, deltas.data()), 8u);
}

TEST(Columns, PlanesJoinToTheSameNumbers) {
  const std::array<std::uint32_t, 3> values{0x04030201, 0xfffefdfc, 7};
  std::array<std::array<std::uint8_t, 3>, 4> planes;
  for (unsigned byte = 0; byte < 4; ++byte) put_plane(values.data(), 3, byte, planes[byte].data());
  EXPECT_EQ(planes[0], (std::array<std::uint8_t, 3>{1, 0xfc, 7}));
  EXPECT_EQ(planes[3], (std::array<std::uint8_t, 3>{4, 0xff, 0}));
  std::array<std::uint32_t, 3> again;
  join_planes({planes[0].data(), planes[1].data(), planes[2].data(), planes[3].data()}, 3, again.data());
  EXPECT_EQ(again, values);
}

TEST(Columns, WidthIsThatOfAllForms) {
  ColumnList columns;
  EXPECT_EQ(columns.width(), 0u);
  for (const auto form : {ColumnForm::planes4, ColumnForm::delta8, ColumnForm::delta4}) {
    columns.forms[columns.count++] = form;
  }
  EXPECT_EQ(columns.width(), 16u);
  EXPECT_EQ(columns.view().size(), 3u);
}

}  // namespace
}  // namespace owl::codec
