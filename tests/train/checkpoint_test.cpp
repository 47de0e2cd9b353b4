#include "isthmus/train/checkpoint.hpp"

#include <gtest/gtest.h>

#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/input.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::train {
namespace {

struct Tiny final : Model {
  explicit Tiny(int64_t size) {
    weight = register_parameter("weight", at::zeros({size}));
    count = register_buffer("count", at::zeros({2}, at::kLong));
  }
  Loss loss(const Batch&, Step&) override { return {.terms = {{"loss", weight.sum()}}}; }
  Tensor reconstruct(const Batch& batch, Noise&) override { return batch.x; }
  Tensor weight;
  Tensor count;
};

TEST(Checkpoint, EveryTypeComesBack) {
  const test::TemporaryFolder folder;
  const NamedTensors tensors{{"f", at::arange(6, at::kFloat).view({2, 3})},
                             {"h", at::arange(4, at::kFloat).to(at::kBFloat16)},
                             {"i", at::arange(3, at::kLong)},
                             {"u", at::arange(5, at::kByte)},
                             {"strided", at::arange(6, at::kFloat).view({2, 3}).t()},
                             {"empty", at::empty({0, 3})}};
  save_tensors(folder / "t.safetensors", tensors, {{"step", "12"}});
  const Loaded loaded = load_tensors(folder / "t.safetensors");
  ASSERT_EQ(loaded.tensors.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_TRUE(loaded.tensors.at(name).equal(tensor)) << name;
    EXPECT_EQ(loaded.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
  }
  EXPECT_EQ(loaded.metadata.at("step"), "12");
}

TEST(Checkpoint, RestoreCopiesParametersAndBuffers) {
  Tiny model(3);
  restore(model, {{"weight", at::full({3}, 4.0F)}, {"count", at::full({2}, 9, at::kLong)}}, "file");
  EXPECT_TRUE(model.weight.equal(at::full({3}, 4.0F)));
  EXPECT_TRUE(model.count.equal(at::full({2}, 9, at::kLong)));
}

TEST(Checkpoint, RestoreRefusesWhatIsNotTheModelsAndChangesNothing) {
  Tiny model(3);
  const Tensor good = at::full({3}, 4.0F);
  const Tensor count = at::zeros({2}, at::kLong);
  test::expect_error("expected a tensor 'count', got none",
                     [&] { restore(model, {{"weight", good}}, "file"); });
  test::expect_error("'extra' besides",
                     [&] { restore(model, {{"weight", good}, {"count", count}, {"extra", good}}, "file"); });
  test::expect_error("expected 'weight' as 3 Float, got 4 Float",
                     [&] { restore(model, {{"weight", at::zeros({4})}, {"count", count}}, "file"); });
  EXPECT_TRUE(model.weight.equal(at::zeros({3})));
}

TEST(Checkpoint, ATruncatedFileIsRefused) {
  const test::TemporaryFolder folder;
  save_tensors(folder / "t.safetensors", {{"a", at::zeros({100})}}, {});
  const std::string whole = io::read_text(folder / "t.safetensors");
  io::write_whole(folder / "t.safetensors", std::string_view(whole).substr(0, whole.size() - 1));
  test::expect_error("t.safetensors", [&] { load_tensors(folder / "t.safetensors"); });
}

TEST(Checkpoint, AFullDiskLeavesTheOldFile) {
  const test::TemporaryFolder folder;
  save_tensors(folder / "t.safetensors", {{"a", at::zeros({10})}}, {});
  {
    const test::FileSizeLimit full(1 << 12);
    test::expect_error("t.safetensors",
                       [&] { save_tensors(folder / "t.safetensors", {{"a", at::ones({100'000})}}, {}); });
  }
  EXPECT_TRUE(load_tensors(folder / "t.safetensors").tensors.at("a").equal(at::zeros({10})));
}

}  // namespace
}  // namespace isthmus::train
