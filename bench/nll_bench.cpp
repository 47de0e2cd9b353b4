// Draws a second of the NLL with 5,000 draws an image, for the 784-200-200-50 VAE of
// recipes/vae_fashion_mnist.toml. A draw is a sample of z, its decoding, and log p(x, z) − log q(z|x).

#include <thread>

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include "isthmus/metrics/nll.hpp"
#include "isthmus/train/training.hpp"

namespace {

using namespace isthmus;

void nll(benchmark::State& state) {
  at::set_num_threads(static_cast<int>(state.range(0)));
  train::Recipe recipe = train::Recipe::read(ISTHMUS_SOURCE_DIR "/recipes/vae_fashion_mnist.toml");
  recipe.set("data.limit", "100");
  const train::Built built = train::build(recipe);
  const Subject subject{.model = *built.model, .data = built.data};
  const metrics::nll::Config config{.draws = 5000, .images = 100};
  for (auto _ : state) benchmark::DoNotOptimize(metrics::nll::measure(subject, config).value);
  state.counters["draws"] = benchmark::Counter(static_cast<double>(config.draws * config.images),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(nll)
    ->ArgName("threads")
    ->DenseRange(1, std::max(1, static_cast<int>(std::thread::hardware_concurrency())))
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
