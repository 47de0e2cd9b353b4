#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/core/evidence.hpp"
#include "isthmus/core/field.hpp"
#include "isthmus/core/subject.hpp"

namespace isthmus {

/// What an example is given a number by. `auto_` is elbo where the model has a likelihood of its data, else
/// reconstruction.
enum class Score { auto_, elbo, nll, reconstruction };

/// The words of a scoring; a Config takes them in by inlined<>().
struct ScoreConfig {
  Score score = Score::auto_;
  int64_t draws = 100;

  static constexpr auto fields() {
    return std::tuple{
        field<&ScoreConfig::score>(
            "elbo or nll (nats), or reconstruction (squared error); auto is elbo where the model has a "
            "likelihood"),
        field<&ScoreConfig::draws>("of elbo and nll: draws of z for each example", positive),
    };
  }
};

/// One number an example, in the order of the split.
struct Scores {
  Score by;  ///< never auto_
  std::vector<double> values;
  std::optional<Trust> trust = {};  ///< where they are nll by draws

  /// Whether a high number, rather than a low one, says that the model does not know the example.
  bool high_is_unusual() const { return by != Score::elbo; }
  std::string_view unit() const { return by == Score::reconstruction ? "squared error" : "nats"; }
  /// The numbers turned so that higher is more unusual.
  std::vector<double> surprises() const;
  /// Why they should not be trusted, with `hint` for what to do; nullopt when nothing speaks against them.
  std::optional<std::string> why_doubted(std::string_view hint) const;
};

/// `score`, or what auto_ stands for with this model and data.
Score resolve(const Subject& subject, Score score);

/// Why the subject's examples have no such number; nullopt when they have.
std::optional<std::string> why_no_scores(const Subject& subject, Score score);

/// Scores the first `examples` of the subject's split (0: all) as the metrics elbo, nll and reconstruction
/// do: their values are the means of these. nll is exact where the model can say log p(x). Throws UsageError
/// when why_no_scores() has a reason, Error when a score is not finite.
Scores score_examples(const Subject& subject, const ScoreConfig& config, int64_t examples = 0);

}  // namespace isthmus
