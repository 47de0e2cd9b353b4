// Trains a small VAE on the built-in sprites through the library's public interface, and draws what it dreams
// up.

#include <cstdio>
#include <utility>

#include <isthmus/core/model.hpp>
#include <isthmus/train/fit.hpp>

namespace {

/// One image, [1, side, side], as characters: denser ones for brighter pixels, every other row left out,
/// since a character is twice as high as wide.
void print_image(const isthmus::Tensor& image) {
  constexpr char shades[] = " .:-=+*#%@";
  const auto pixels = image.contiguous();
  const int64_t side = pixels.size(-1);
  const float* values = pixels.data_ptr<float>();
  for (int64_t y = 0; y < side; y += 2) {
    for (int64_t x = 0; x < side; ++x) std::putchar(shades[static_cast<int>(values[y * side + x] * 9.0F)]);
    std::putchar('\n');
  }
}

}  // namespace

int main() {
  isthmus::train::Recipe recipe("vae", "sprites");
  for (const auto& [setting, value] : {std::pair{"latent", "8"},
                                       {"backbone.hidden", "128"},
                                       {"data.size", "32"},
                                       {"data.limit", "2000"},
                                       {"fit.steps", "200"},
                                       {"seed", "7"}})
    recipe.set(setting, value);

  isthmus::train::Training training(recipe);
  double first = 0;
  double last = 0;
  isthmus::train::fit(training, {[&](const isthmus::train::Event& event) {
                        if (event.kind != isthmus::train::Event::Kind::step) return;
                        last = event.terms.front().second;
                        if (event.training.step() == 1) first = last;
                      }});
  std::printf("loss at step 1: %.1f nats, at step %ld: %.1f nats\n", first,
              static_cast<long>(training.step()), last);

  isthmus::Noise noise(7, isthmus::Purpose::picture);
  print_image(dynamic_cast<isthmus::Generator&>(training.model()).sample(1, noise)[0]);
  return last < first ? 0 : 1;  // false for a loss that is no number, too
}
