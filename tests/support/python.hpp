#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/wait.h>

#include "tests/support/temporary_folder.hpp"

namespace isthmus::test {

/// Runs `script` with the tests' Python, `arguments` as its sys.argv[1:], and gives back what it printed.
/// Throws, so that the test fails, when Python fails: a module that is missing included.
inline std::string run_python(const std::string& script, const std::vector<std::string>& arguments = {}) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "script.py";
  std::ofstream(file) << script;
  const auto quoted = [](const std::string& word) { return fmt::format(" '{}'", word); };
  std::string command = quoted(ISTHMUS_TEST_PYTHON) + quoted(file.string());
  for (const std::string& argument : arguments) command += quoted(argument);
  std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot start " + command);
  std::string output;
  std::array<char, 4096> buffer{};
  for (size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    output.append(buffer.data(), count);
  const int status = ::pclose(pipe);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error("Python failed:\n" + output + "\nin the script:\n" + script);
  return output;
}

}  // namespace isthmus::test
