#include "isthmus/train/training.hpp"

#include <cmath>
#include <filesystem>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "isthmus/io/safetensors.hpp"
#include "isthmus/train/checkpoint.hpp"
#include "isthmus/train/fit.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/small_recipe.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::train {
namespace {

using test::small_recipe;

TEST(Training, EpochsSetTheSteps) {
  Recipe recipe = small_recipe();
  recipe.set("fit.epochs", "3");
  recipe.set("data.validation", "0");
  EXPECT_EQ(Training(recipe).steps(), 3 * (300 / 20));
}

TEST(Training, AGradientThatIsNotFiniteIsNoStep) {
  for (const double clip : {0.0, 1.0}) {
    Recipe recipe = small_recipe();
    recipe.set("fit.clip", std::to_string(clip));
    Training training(recipe);
    training.parameters().gradients().fill_(1e30F);  // finite, but its square is not
    test::expect_error("expected a finite gradient", [&] { training.advance({}); });
    EXPECT_EQ(training.step(), 0);
  }
}

TEST(Training, AGradientThatIsNotFiniteIsNeverSaved) {
  const test::TemporaryFolder folder;
  Training training(small_recipe());
  training.save(folder / "good.safetensors");
  training.parameters().gradients().fill_(1e30F);
  test::expect_error("expected a finite gradient", [&] { training.advance({}); });
  test::expect_error("expected a finite gradient", [&] { training.save(folder / "bad.safetensors"); });
  test::expect_error("expected a finite gradient", [&] { training.advance({}); });
  EXPECT_FALSE(std::filesystem::exists(folder / "bad.safetensors"));
  training.load(folder / "good.safetensors");
  training.save(folder / "again.safetensors");
}

TEST(Training, InBf16TheRoundedParametersFollowTheOthersThroughACheckpoint) {
  const test::TemporaryFolder folder;
  Recipe recipe = small_recipe();
  recipe.set("fit.precision", "bf16");
  Training training(recipe);
  const auto in_step = [](const Training& t) {
    return t.parameters().shadow().rounded.equal(t.parameters().values().to(at::kBFloat16));
  };
  EXPECT_TRUE(in_step(training));
  fit(training, {});
  EXPECT_TRUE(in_step(training));
  training.save(folder / "state.safetensors");
  Training resumed(recipe);
  resumed.load(folder / "state.safetensors");
  EXPECT_TRUE(in_step(resumed));
  EXPECT_TRUE(resumed.parameters().values().equal(training.parameters().values()));
}

TEST(Training, ABatchLargerThanTheDataIsRefused) {
  Recipe recipe = small_recipe();
  recipe.set("fit.batch", "1000");
  test::expect_error("[fit.batch] expected at most the", [&] { Training refused(recipe); });
}

TEST(Training, ClippingBoundsTheStep) {
  // Adam forgets the gradient's scale, so the first moment shows what it was given.
  const auto first_moment = [](const char* clip) {
    const test::TemporaryFolder folder;
    Recipe recipe = small_recipe();
    recipe.set("fit.clip", clip);
    recipe.set("fit.steps", "1");
    Training training(recipe);
    fit(training, {});
    training.save(folder / "state.safetensors");
    return io::Safetensors(folder / "state.safetensors").read("optimiser.first_moment");
  };
  const auto norm = [](const io::Array& array) {
    double sum = 0;
    for (const float each : array.as<float>()) sum += static_cast<double>(each) * each;
    return std::sqrt(sum);
  };
  EXPECT_NEAR(norm(first_moment("0.01")), 0.1 * 0.01, 1e-6);
  EXPECT_GT(norm(first_moment("0")), 0.1);
}

TEST(Training, LoadingWhatIsNotItsOwnChangesNothing) {
  const test::TemporaryFolder folder;
  Training training(small_recipe());
  fit(training, {});
  training.seconds = 7;
  training.save(folder / "own.safetensors");
  const Loaded own = load_tensors(folder / "own.safetensors");
  const Tensor values = training.parameters().values().clone();
  const auto refused = [&](const std::string& expected, const NamedTensors& tensors, Metadata metadata) {
    save_tensors(folder / "other.safetensors", tensors, metadata);
    test::expect_error(expected, [&] { training.load(folder / "other.safetensors"); });
    EXPECT_EQ(training.step(), 40);
    EXPECT_EQ(training.seconds, 7);
    EXPECT_TRUE(training.parameters().values().equal(values));
  };
  const Metadata later{{"step", "3"}, {"seconds", "1"}};
  NamedTensors tensors = own.tensors;
  tensors["optimiser.first_moment"] = tensors["optimiser.first_moment"].to(at::kLong);
  refused("'optimiser.first_moment'", tensors, later);
  tensors = own.tensors;
  tensors.erase(std::prev(tensors.end()));  // a parameter
  refused("other.safetensors", tensors, later);
  refused("seconds", own.tensors, {{"step", "3"}, {"seconds", "-1"}});
}

}  // namespace
}  // namespace isthmus::train
