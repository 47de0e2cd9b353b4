#pragma once

#include <csignal>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "isthmus/core/error.hpp"

namespace isthmus::test {

/// The message of the Error that `work` throws; a failed test, and "", when it throws none.
template <class Work>
std::string message_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return {};
}

/// `work` must throw an Error whose message holds `part`.
template <class Work>
void expect_error(const std::string& part, Work&& work) {
  const std::string message = message_of(work);
  EXPECT_NE(message.find(part), std::string::npos) << "'" << part << "' is not in: " << message;
}

/// As long as it lives, no file of this process can grow beyond `bytes`: what a full disk looks like to a
/// writer.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

}  // namespace isthmus::test
