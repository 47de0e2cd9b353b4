#include "isthmus/core/dataset.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/datasets.hpp"
#include "tests/support/errors.hpp"

namespace isthmus {
namespace {

/// Which of test::flat_images(≤ 256) the examples of a split are.
std::vector<int64_t> members(const Dataset& split) {
  const std::vector<float> values = test::values_of(split);
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < values.size(); i += 4) numbers.push_back(std::lround(values[i] * 255));
  return numbers;
}

TEST(Cut, SharesOutEveryExampleOnce) {
  const Data data = cut("test", {.train = test::flat_images(200)}, {.validation = 0.1, .test = 0.25});
  EXPECT_EQ(data.train->size(), 135);
  EXPECT_EQ(data.validation->size(), 15);
  EXPECT_EQ(data.test->size(), 50);
  std::set<int64_t> all;
  for (const Split which : {Split::train, Split::validation, Split::test})
    for (const int64_t number : members(data.split(which))) all.insert(number);
  EXPECT_EQ(all.size(), 200U);
}

TEST(Cut, IsAlikeEveryTime) {
  const DataConfig config{.validation = 0.1};
  const Data one = cut("test", {.train = test::flat_images(200)}, config);
  const Data two = cut("test", {.train = test::flat_images(200)}, config);
  EXPECT_EQ(members(*one.train), members(*two.train));
  EXPECT_EQ(members(*one.test), members(*two.test));
  EXPECT_FALSE(std::ranges::is_sorted(members(*one.train)));
}

TEST(Cut, KnowsWhereEachExampleStood) {
  const Data data = cut("test", {.train = test::flat_images(200)}, {.validation = 0.1, .test = 0.25});
  for (const Split which : {Split::train, Split::validation, Split::test}) {
    const Dataset& split = data.split(which);
    const std::vector<int64_t> numbers = members(split);  // of which each image is made
    for (int64_t row = 0; row < split.size(); ++row)
      EXPECT_EQ(split.original_row(row), numbers[static_cast<size_t>(row)]);
    std::vector<int64_t> in_order;
    for (const int64_t row : original_order(split)) in_order.push_back(numbers[static_cast<size_t>(row)]);
    EXPECT_EQ(in_order.size(), numbers.size());
    EXPECT_TRUE(std::ranges::is_sorted(in_order));
  }
}

TEST(Cut, KeepsATestSplitOfItsOwnInItsOrder) {
  const Data data = cut("test", {.train = test::flat_images(100), .test = test::flat_images(40)},
                        {.validation = 0, .test = 0.5});
  EXPECT_EQ(data.train->size(), 100);
  EXPECT_EQ(data.validation->size(), 0);
  EXPECT_EQ(data.test->size(), 40);
  EXPECT_TRUE(std::ranges::is_sorted(members(*data.test)));
}

TEST(Cut, LeavesAClassOutOfTrainingAndKeepsItInTheTest) {
  const Source source{.train = test::flat_images(200), .test = test::flat_images(60)};
  const Data whole = cut("test", source, {.validation = 0.2});
  const Data data = cut("test", source, {.validation = 0.2, .without_class = 1});
  for (const Split which : {Split::train, Split::validation}) {
    std::vector<int64_t> expected = members(whole.split(which));
    std::erase_if(expected, [](int64_t number) { return number % 3 == 1; });
    EXPECT_EQ(members(data.split(which)), expected);
    for (const int64_t label : data.split(which).labels()) EXPECT_NE(label, 1);
  }
  EXPECT_EQ(members(*data.test), members(*whole.test));
  const Data few = cut("test", source, {.limit = 10, .validation = 0.2, .without_class = 1});
  EXPECT_EQ(few.train->size(), 10) << "the limit counts what is left";
  test::expect_error("for --data.without_class, got 3", [&] { cut("test", source, {.without_class = 3}); });
}

TEST(Cut, ALimitKeepsTheFrontOfEachSplit) {
  const Source source{.train = test::flat_images(200), .test = test::flat_images(100)};
  const DataConfig whole{.validation = 0.2};
  const DataConfig ten{.limit = 10, .validation = 0.2};
  const DataConfig twenty{.limit = 20, .validation = 0.2};
  for (const Split which : {Split::train, Split::validation, Split::test}) {
    const std::vector<int64_t> few = members(cut("test", source, ten).split(which));
    std::vector<int64_t> more = members(cut("test", source, twenty).split(which));
    const std::vector<int64_t> all = members(cut("test", source, whole).split(which));
    ASSERT_EQ(few.size(), 10U);
    ASSERT_EQ(more.size(), 20U);
    for (const int64_t number : more) EXPECT_TRUE(std::ranges::count(all, number));
    more.resize(10);
    EXPECT_EQ(few, more);
  }
}

TEST(Cut, LabelsFollowTheirExamples) {
  const Data data = cut("test", {.train = test::flat_images(200)}, {});
  for (const Split which : {Split::train, Split::validation, Split::test}) {
    const std::vector<int64_t> numbers = members(data.split(which));
    for (size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(data.split(which).labels()[i], numbers[i] % 3);
  }
}

TEST(Cut, RefusesToLeaveNothingToTrainOn) {
  test::expect_error(
      "[test] expected at least one example left to train on, got 2 in all, less 1 for the test",
      [] { cut("test", {.train = test::flat_images(2)}, {.validation = 0.5, .test = 0.5}); });
  test::expect_error("got 0 in all", [] { cut("test", {.train = test::flat_images(0)}, {}); });
}

TEST(Cut, RefusesToBinariseWhatIsNoProbability) {
  const std::vector<float> values{0.5F, 1.5F};
  const auto set = std::make_shared<MemoryDataset>(
      "test", MemoryDataset::Contents{.shape = {1}, .values = io::make_array(values, {2})});
  for (const Binarise how : {Binarise::threshold, Binarise::static_, Binarise::dynamic})
    test::expect_error("values from 0 to 1 for --data.binarise " + enum_name(how),
                       [&] { cut("test", {.train = set}, {.binarise = how}); });
  EXPECT_EQ(cut("test", {.train = set}, {.validation = 0, .test = 0}).train->size(), 2);
}

TEST(Cut, StaticPixelsDoNotDependOnTheCut) {
  const Source source{.train = test::flat_images(200, 128)};
  const DataConfig few{.binarise = Binarise::static_, .limit = 10};
  const DataConfig all{.binarise = Binarise::static_};
  const std::vector<float> front = test::values_of(*cut("test", source, few).train);
  std::vector<float> whole = test::values_of(*cut("test", source, all).train);
  whole.resize(front.size());
  EXPECT_EQ(front, whole);
}

TEST(LoadData, OffersTheNearestName) {
  test::expect_error("expected a data set, got 'sprite'; try 'sprites'", [] { load_data("sprite", {}); });
}

TEST(Spec, KnowsShapeClassesAndMean) {
  const DataSpec spec = cut("test", {.train = test::flat_images(200, 51)}, {}).spec();
  EXPECT_EQ(spec.shape, (Shape{1, 2, 2}));
  EXPECT_EQ(spec.classes, 3);
  EXPECT_FALSE(spec.binary);
  EXPECT_EQ(spec.mean.sizes(), (at::IntArrayRef{1, 2, 2}));
  EXPECT_NEAR(spec.mean.sum().item<double>(), 4 * 0.2, 1e-6);
  EXPECT_TRUE(cut("test", {.train = test::flat_images(9)}, {.binarise = Binarise::dynamic}).spec().binary);
}

TEST(Spec, MeanIsOfTheTrainingExamples) {
  const Data data = cut("test", {.train = test::flat_images(200)}, {});
  double sum = 0;
  for (const int64_t number : members(*data.train)) sum += static_cast<double>(number) / 255;
  EXPECT_NEAR(data.spec().mean[0][0][0].item<double>(), sum / static_cast<double>(data.train->size()), 1e-6);
}

TEST(Gather, GivesRowsAndLabelsInTheOrderAskedFor) {
  const auto set = test::flat_images(10);
  const Batch batch = gather(*set, Binarise::none, std::vector<int64_t>{7, 0, 7}, Noise(1));
  EXPECT_EQ(batch.x.sizes(), (at::IntArrayRef{3, 1, 2, 2}));
  EXPECT_TRUE(at::equal(batch.labels, at::tensor({1L, 0L, 1L})));
  EXPECT_EQ(batch.x[0][0][1][1].item<float>(), 7 / 255.F);
  EXPECT_EQ(batch.x[1].sum().item<float>(), 0);
}

TEST(Gather, HasNoLabelsWhereThereAreNone) {
  const MemoryDataset set("test", {.shape = {1}, .values = io::make_array(std::vector<uint8_t>(4), {4})});
  Batch batch = gather(*test::flat_images(4), Binarise::none, std::vector<int64_t>{0}, Noise(1));
  gather_into(batch, set, Binarise::none, std::vector<int64_t>{0}, Noise(1));
  EXPECT_FALSE(batch.labels.defined());
}

TEST(Gather, RefusesRowsThatAreNotThere) {
  const auto set = test::flat_images(4);
  test::expect_error("expected rows of 4 examples, got row 4",
                     [&] { gather(*set, Binarise::none, std::vector<int64_t>{4}, Noise(1)); });
  test::expect_error("got row -1", [&] { gather(*set, Binarise::none, std::vector<int64_t>{-1}, Noise(1)); });
}

TEST(Gather, DynamicDrawsBelongToTheNoise) {
  const auto set = test::flat_images(1000, 77);
  std::vector<int64_t> rows(1000);
  std::iota(rows.begin(), rows.end(), 0);
  const auto draw = [&](std::span<const int64_t> which, Noise noise) {
    return gather(*set, Binarise::dynamic, which, noise).x;
  };
  const Tensor all = draw(rows, Noise(1));
  EXPECT_NEAR(all.mean().item<double>(), 77 / 255.0, 4 * std::sqrt(0.3 * 0.7 / 4000));
  EXPECT_TRUE(all.eq(0).logical_or(all.eq(1)).all().item<bool>());
  EXPECT_TRUE(at::equal(all, draw(rows, Noise(1))));
  EXPECT_FALSE(at::equal(all, draw(rows, Noise(2))));
  const std::span<const int64_t> end = std::span(rows).subspan(400);
  EXPECT_TRUE(at::equal(all.slice(0, 400), draw(end, Noise(1, Purpose::training, 0, 400))));
}

TEST(GatherInto, UsesMemoryAgainUnlessItIsHeld) {
  const auto set = test::flat_images(10);
  const std::vector<int64_t> rows{1, 2};
  Batch batch;
  gather_into(batch, *set, Binarise::none, rows, Noise(1));
  const void* const first = batch.x.const_data_ptr();
  gather_into(batch, *set, Binarise::dynamic, rows, Noise(1));
  EXPECT_EQ(batch.x.const_data_ptr(), first);

  gather_into(batch, *set, Binarise::none, rows, Noise(1));
  const Tensor held = batch.x.flatten();  // a view of it
  gather_into(batch, *set, Binarise::none, std::vector<int64_t>{3, 4}, Noise(1));
  EXPECT_EQ(held[0].item<float>(), 1 / 255.F);
  EXPECT_EQ(batch.x[0][0][0][0].item<float>(), 3 / 255.F);
}

}  // namespace
}  // namespace isthmus
