#include "isthmus/io/folder_lock.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "isthmus/core/error.hpp"

namespace isthmus::io {

FolderLock::FolderLock(const std::filesystem::path& folder)
    : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0)
    throw Error({.who = "run",
                 .expected = fmt::format("to open the folder '{}'", folder.string()),
                 .got = std::strerror(errno)});
  taken_ = ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

FolderLock::~FolderLock() {
  ::close(descriptor_);
}

}  // namespace isthmus::io
