#pragma once

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isthmus/io/input.hpp"

#include "tests/support/temporary_folder.hpp"

namespace isthmus::test {

struct Outcome {
  int status;  ///< exit status, or 128 + the signal that ended it
  std::string out;
  std::string error;
};

/// The program itself, running with the given words, its output caught.
class Process {
 public:
  explicit Process(const std::vector<std::string>& words) : child_(::fork()) {
    if (child_ != 0) return;
    redirect(STDOUT_FILENO, "out");
    redirect(STDERR_FILENO, "error");
    std::vector<char*> arguments{const_cast<char*>(ISTHMUS_PROGRAM)};
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(ISTHMUS_PROGRAM, arguments.data());
    ::_exit(127);
  }

  void send(int signal) const { ::kill(child_, signal); }

  bool running() {
    if (!done_) done_ = ::waitpid(child_, &status_, WNOHANG) == child_;
    return !done_;
  }

  Outcome wait() {
    if (!done_) ::waitpid(child_, &status_, 0);
    done_ = true;
    const int status = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
    return {status, io::read_text(folder_ / "out"), io::read_text(folder_ / "error")};
  }

 private:
  void redirect(int stream, const char* name) const {
    const int file = ::open((folder_ / name).c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(file, stream);
  }

  TemporaryFolder folder_;
  pid_t child_;
  int status_ = 0;
  bool done_ = false;
};

inline Outcome run_program(const std::vector<std::string>& words) {
  return Process(words).wait();
}

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Words of a training that takes a second.
inline std::vector<std::string> small_training(const std::filesystem::path& out,
                                               const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"train", "vae", "sprites"};
  for (const char* word :
       {"--data.size", "32", "--data.limit", "400", "--backbone.hidden", "32", "--latent", "3", "--fit.batch",
        "20", "--fit.steps", "60", "--fit.checkpoint_every", "20", "--quiet"})
    words.emplace_back(word);
  words.insert(words.end(), {"--out", out.string()});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace isthmus::test
