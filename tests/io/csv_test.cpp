#include "isthmus/io/csv.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "isthmus/io/atomic_file.hpp"
#include "isthmus/io/input.hpp"

#include "tests/support/errors.hpp"
#include "tests/support/python.hpp"
#include "tests/support/temporary_folder.hpp"

namespace isthmus::io {
namespace {

using test::expect_error;
using test::TemporaryFolder;
using Names = std::vector<std::string>;
using Values = std::vector<double>;

TEST(Csv, RoundTripsEveryBit) {
  const TemporaryFolder folder;
  using Limits = std::numeric_limits<double>;
  const Table table{
      {"a", "with, comma", "with \"quotes\"", "", "line\nfeed"},
      {0.1, -0.0, 1e300, Limits::denorm_min(), 1.0 / 3, Limits::max(), -Limits::infinity(), 42, -7, 1e-7}};
  write_csv(folder / "a.csv", table);
  const Table back = read_csv(folder / "a.csv");
  EXPECT_EQ(back.columns, table.columns);
  EXPECT_EQ(back.values, table.values);
  EXPECT_TRUE(std::signbit(back.values[1]));
  EXPECT_EQ(back.rows(), 2U);
  EXPECT_EQ(back.row(1)[0], Limits::max());

  write_csv(folder / "a.csv", {{"x"}, {Limits::quiet_NaN()}});
  EXPECT_TRUE(std::isnan(read_csv(folder / "a.csv").values.at(0)));
  write_csv(folder / "a.csv", {{"x", "y"}, {}});
  EXPECT_EQ(read_csv(folder / "a.csv").rows(), 0U);
}

TEST(Csv, ReadsTheWaysOfTheWorld) {
  const Table table = parse_csv("\xef\xbb\xbfx,\"y\"\r\n1, +2.5\r\n\"3\",-4e2 ");
  EXPECT_EQ(table.columns, (Names{"x", "y"}));
  EXPECT_EQ(table.values, (Values{1, 2.5, 3, -400}));
  EXPECT_EQ(parse_csv("x\n1\n2\n").values, (Values{1, 2}));
}

TEST(Csv, SaysWhereItIsWrong) {
  expect_error("an empty file", [] { parse_csv(""); });
  expect_error("expected a number in column 2, got 'six' in line 3 of 'memory'",
               [] { parse_csv("x,y\n1,2\n3,six\n"); });
  expect_error("expected a number in column 1, got ''", [] { parse_csv("x,y\n,2\n"); });
  expect_error("got '1.5kg'", [] { parse_csv("x\n1.5kg\n"); });
  expect_error("expected 2 cells, got 3 in line 2", [] { parse_csv("x,y\n1,2,3\n"); });
  expect_error("expected 2 cells, got 1 in line 2", [] { parse_csv("x,y\n1\n"); });
  expect_error("the quote that ends a cell", [] { parse_csv("x,\"y\n1,2\n"); });
  expect_error("a comma after a quoted cell", [] { parse_csv("\"x\"y,z\n"); });
  const TemporaryFolder folder;
  expect_error("expected 2 cells in column 'file', got 1",
               [&] { write_csv(folder / "a.csv", {{"x"}, {1, 2}}, {{"file", {"a"}}}); });
  expect_error("2 columns, 3 values", [&] { write_csv(folder / "a.csv", {{"x", "y"}, {1, 2, 3}}); });
  write_whole(folder / "file", "text");
  expect_error("Not a directory", [&] { write_csv(folder / "file/a.csv", {{"x"}, {1}}); });
}

TEST(Csv, ColumnsOfWordsStandAfterNumbers) {
  const TemporaryFolder folder;
  write_csv(folder / "a.csv", {{"x"}, {1, 2.5}}, {{"file", {"a, b.png", "c.png"}}});
  EXPECT_EQ(read_text(folder / "a.csv"), "x,file\n1,\"a, b.png\"\n2.5,c.png\n");
}

TEST(Csv, PythonReadsItAndWeReadPythons) {
  const TemporaryFolder folder;
  write_csv(folder / "ours.csv", {{"step", "loss, total"}, {1, 0.1, 2, 1.0 / 3}});
  test::run_python(R"(
import csv, sys
rows = list(csv.reader(open(sys.argv[1] + '/ours.csv', newline='')))
assert rows[0] == ['step', 'loss, total'] and [[float(x) for x in row] for row in rows[1:]] == [[1, .1], [2, 1 / 3]]
with open(sys.argv[1] + '/theirs.csv', 'w', newline='') as file:
    csv.writer(file).writerows([['a "b"', 'c,d'], [1 / 7, 5], [float('inf'), -2e-300]])
)",
                   {folder.string()});
  const Table table = read_csv(folder / "theirs.csv");
  EXPECT_EQ(table.columns, (Names{"a \"b\"", "c,d"}));
  EXPECT_EQ(table.values, (Values{1.0 / 7, 5, std::numeric_limits<double>::infinity(), -2e-300}));
}

}  // namespace
}  // namespace isthmus::io
