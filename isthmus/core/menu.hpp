#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isthmus/core/error.hpp"

namespace isthmus {

/// All entries of one folder (models, datasets, metrics, pictures, commands), in the order of their names.
/// CMake generates the list from the folder's headers (cmake/Menus.cmake); no other list of entries exists.
template <class Entry>
class Menu {
 public:
  Menu(std::string_view noun, std::span<const Entry* const> entries) : noun_(noun), entries_(entries) {}

  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  size_t size() const { return entries_.size(); }

  /// nullptr when there is no such entry.
  const Entry* look_up(std::string_view name) const {
    for (const Entry* entry : entries_)
      if (entry->name == name) return entry;
    return nullptr;
  }

  /// Throws UsageError when there is no such entry; the nearest name is offered.
  const Entry& find(std::string_view name) const {
    if (const Entry* entry = look_up(name)) return *entry;
    throw unknown_name("isthmus", noun_, name, names());
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const Entry* entry : entries_) all.emplace_back(entry->name);
    return all;
  }

 private:
  std::string_view noun_;
  std::span<const Entry* const> entries_;
};

}  // namespace isthmus
