#include "isthmus/core/subject.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "isthmus/core/error.hpp"

namespace isthmus {
namespace {

Batch examples_from(const Subject& subject, int64_t first, int64_t count) {
  std::vector<int64_t> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), first);
  return gather(subject.examples(), subject.data.config.binarise, rows,
                Noise(subject.seed, Purpose::binarise, Noise::no_step, first))
      .to(device_of(subject.model));
}

void check_not_empty(const Subject& subject) {
  if (subject.examples().size() > 0) return;
  const std::string split = enum_name(subject.split);
  throw UsageError({.who = subject.data.name,
                    .expected = fmt::format("examples in the {} split", split),
                    .got = "none",
                    .hint = fmt::format("a larger share --data.{}, or another split", split)});
}

}  // namespace

void for_each_batch(const Subject& subject, int64_t batch, int64_t limit,
                    const std::function<void(const Batch&, int64_t first)>& visit) {
  check_not_empty(subject);
  if (batch < 1)
    throw UsageError({.who = "batches", .expected = "a batch of 1 or more", .got = fmt::format("{}", batch)});
  const int64_t end = subject.count(limit);
  for (int64_t first = 0; first < end; first += batch)
    visit(examples_from(subject, first, std::min(batch, end - first)), first);
}

Batch first_examples(const Subject& subject, int64_t count) {
  check_not_empty(subject);
  return examples_from(subject, 0, std::min(count, subject.examples().size()));
}

}  // namespace isthmus
