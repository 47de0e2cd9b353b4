#pragma once

#include <filesystem>

namespace isthmus::io {

/// Keeps a folder for this process as long as it lives: another one finds it taken. The system gives it up
/// when the process ends, however it ends. Where the file system knows no locks, nobody is kept out.
class FolderLock {
 public:
  /// Throws Error when there is no such folder.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// Whether another process has the folder.
  bool taken() const { return taken_; }

 private:
  int descriptor_;
  bool taken_ = false;
};

}  // namespace isthmus::io
