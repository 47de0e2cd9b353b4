#include "isthmus/train/observers.hpp"

#include <memory>

#include <nlohmann/json.hpp>

#include "isthmus/io/event_file.hpp"
#include "isthmus/io/jsonl.hpp"

namespace isthmus::train {
namespace {

/// The two logs of a run, and the terms summed since their last line.
class MetricsLog {
 public:
  MetricsLog(const RunDirectory& directory, int64_t from)
      : lines_(directory.metrics()),
        events_(directory.path(), from > 0 ? std::optional(from + 1) : std::nullopt) {}

  void operator()(const Event& event) {
    if (event.kind == Event::Kind::validation) write(event, "validation", event.terms);
    if (event.kind == Event::Kind::step) add(event);
  }

 private:
  void add(const Event& event) {
    if (sums_.empty()) {
      for (const auto& [name, value] : event.terms) sums_.emplace_back(name, 0.0);
      seconds_before_ = event.training.seconds;
    }
    for (size_t i = 0; i < sums_.size(); ++i) sums_[i].second += event.terms[i].second;
    ++summed_;
    const bool last = event.training.step() == event.stage.end();
    if (event.training.step() % event.training.config().log_every != 0 && !last) return;
    for (auto& [name, sum] : sums_) sum /= static_cast<double>(summed_);
    write(event, "train", sums_);
    sums_.clear();
    summed_ = 0;
  }

  void write(const Event& event, std::string_view split, const Terms& terms) {
    const Training& training = event.training;
    nlohmann::ordered_json line{{"step", training.step()}};
    if (training.stages().count() > 1) {
      line["stage"] = event.stage.name();
      line["stage_step"] = training.step() - event.stage.first;
    }
    line["split"] = split;
    const std::string prefix = std::string(split) + (event.stage.layer ? "/" + event.stage.name() : "") + "/";
    for (const auto& [name, value] : terms) {
      line["terms"][name] = value;
      events_.scalar(prefix + name, training.step(), value);
    }
    if (split == "train" && summed_ > 1) {
      // The first of the summed steps ended at seconds_before_, so the time holds one step less.
      const double examples = static_cast<double>((summed_ - 1) * training.config().batch);
      line["rate"] = examples / (training.seconds - seconds_before_);
    }
    line["time"] = training.seconds;
    lines_.append(line.dump());
  }

  io::LineLog lines_;
  io::EventFile events_;
  Terms sums_;
  int64_t summed_ = 0;
  double seconds_before_ = 0;
};

}  // namespace

Observer keep_checkpoints(const RunDirectory& directory) {
  return [directory](const Event& event) {
    if (event.kind == Event::Kind::checkpoint) save(directory, event.training);
  };
}

Observer log_metrics(const RunDirectory& directory, int64_t from) {
  io::rewrite_keeping(directory.metrics(), [from](std::string_view text) {
    const auto line = nlohmann::json::parse(text, nullptr, false);
    if (!line.is_object() || !line.contains("step") || !line["step"].is_number_integer()) return false;
    return line["step"].get<int64_t>() <= from;
  });
  const auto log = std::make_shared<MetricsLog>(directory, from);
  return [log](const Event& event) { (*log)(event); };
}

}  // namespace isthmus::train
