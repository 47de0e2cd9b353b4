#include "isthmus/io/event_file.hpp"

#include <string>

#include <gtest/gtest.h>

#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/bytes.hpp"
#include "isthmus/io/crc32c.hpp"
#include "isthmus/io/input.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/python.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::io {
namespace {

using test::expect_error;
using test::TemporaryFolder;

TEST(Crc32c, EqualsTheVectorsOfRfc3720) {
  EXPECT_EQ(crc32c(as_bytes("")), 0U);
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283U);
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\0'))), 0x8a9136aaU);
  EXPECT_EQ(crc32c(as_bytes(std::string(32, '\xff'))), 0x62a8ab43U);
}

TEST(EventFile, TensorBoardReadsIt) {
  const TemporaryFolder folder;
  EventFile file(folder.path());
  for (const int64_t step : {0, 1, 127, 128, 20'000, 1 << 30})
    file.scalar("train/loss", step, 0.5 * static_cast<double>(step));
  file.scalar("elbo é", int64_t{1} << 40, -237.15);
  file.image("samples", 128, Image{2, 3, 3, std::vector<uint8_t>(18, 200)});
  file.image("samples", 300, Image{300, 200, 1, std::vector<uint8_t>(60'000, 7)});
  // Read while the file is still open for writing: each event is there at once.
  test::run_python(R"(
import io, math, sys, time
import numpy as np
from PIL import Image
from tensorboard.backend.event_processing import event_accumulator, event_file_loader
events = list(event_file_loader.EventFileLoader(sys.argv[2]).Load())
assert events[0].file_version == 'brain.Event:2' and len(events) == 10, len(events)
assert all(abs(event.wall_time - time.time()) < 600 for event in events)
log = event_accumulator.EventAccumulator(sys.argv[1])
log.Reload()
assert log.Tags()['scalars'] == ['train/loss', 'elbo é'] and log.Tags()['images'] == ['samples'], log.Tags()
steps = [0, 1, 127, 128, 20000, 2**30]
assert [(e.step, e.value) for e in log.Scalars('train/loss')] == [(s, .5 * s) for s in steps]
[elbo] = log.Scalars('elbo é')
assert elbo.step == 2**40 and math.isclose(elbo.value, -237.15, rel_tol=1e-6)
first, second = log.Images('samples')
assert (first.step, first.height, first.width) == (128, 2, 3) and (second.step, second.height, second.width) == (300, 300, 200)
assert (np.asarray(Image.open(io.BytesIO(first.encoded_image_string))) == np.full((2, 3, 3), 200)).all()
assert (np.asarray(Image.open(io.BytesIO(second.encoded_image_string))) == np.full((300, 200), 7)).all()
)",
                   {folder.string(), file.path().string()});
}

TEST(EventFile, EveryChecksumHolds) {
  const TemporaryFolder folder;
  EventFile file(folder.path());
  file.scalar("loss", 3, 0.25);
  test::run_python(R"(
import sys
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow
reader = pywrap_tensorflow.PyRecordReader_New(sys.argv[1])
count = 0
try:
    while True:
        reader.GetNext()
        count += 1
except Exception as error:
    assert type(error).__name__ == 'OutOfRangeError', error
assert count == 2, count
damaged = bytearray(open(sys.argv[1], 'rb').read())
damaged[-6] ^= 1
open(sys.argv[1], 'wb').write(damaged)
reader = pywrap_tensorflow.PyRecordReader_New(sys.argv[1])
reader.GetNext()
try: reader.GetNext()
except Exception as error: assert type(error).__name__ == 'DataLossError', error
else: raise AssertionError('the reader compares no checksums')
)",
                   {file.path().string()});
}

TEST(EventFile, ResumeForgetsLaterSteps) {
  const TemporaryFolder folder;
  {
    EventFile first(folder.path());
    for (const int64_t step : {10, 20, 30}) first.scalar("loss", step, 1);
  }
  EventFile second(folder.path(), 20);
  for (const int64_t step : {20, 30, 40}) second.scalar("loss", step, 2);
  test::run_python(R"(
import sys
from tensorboard.backend.event_processing import event_accumulator
log = event_accumulator.EventAccumulator(sys.argv[1])
log.Reload()
assert [(e.step, e.value) for e in log.Scalars('loss')] == [(10, 1), (20, 2), (30, 2), (40, 2)], log.Scalars('loss')
)",
                   {folder.string()});
}

TEST(EventFile, FullDiskAndUnwritablePath) {
  const TemporaryFolder folder;
  write_whole(folder / "file", "text");
  expect_error("Not a directory", [&] { EventFile(folder / "file"); });
  expect_error("No such file", [&] { EventFile(folder / "absent"); });
  EventFile file(folder.path());
  const test::FileSizeLimit limit(60);
  expect_error("File too large", [&] { file.scalar("loss", 1, 1); });
}

}  // namespace
}  // namespace isthmus::io
