#include "isthmus/core/allocator.hpp"

#include <cstdint>
#include <cstdlib>  // which says, too, whether the library is glibc

#if defined(__GLIBC__)
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace isthmus {

#if defined(__GLIBC__)

namespace {

constexpr int megabyte = 1 << 20;
// Addresses, not memory: pages are only there once they are touched.
constexpr int heap_size = 1024 * megabyte;
constexpr uintptr_t huge_page = 2 * megabyte;

/// Lets the heap grow at once to what a training may need, and asks for huge pages in it. A request that is
/// refused changes nothing.
void ask_for_huge_pages() {
  const auto end_of_heap = [] { return static_cast<char*>(sbrk(0)); };
  malloc_trim(0);
  char* const before = end_of_heap();
  mallopt(M_TOP_PAD, heap_size);
  // More than what is free, so that the heap must grow; volatile, or the compiler leaves both calls out.
  void* volatile block = std::malloc(24 * megabyte);
  std::free(block);
  char* const after = end_of_heap();
  const auto beyond = [](const char* p) { return reinterpret_cast<uintptr_t>(p) % huge_page; };
  char* const begin = before + (huge_page - beyond(before)) % huge_page;  // the next whole page
  if (begin + huge_page <= after)
    madvise(begin, static_cast<size_t>(after - begin) / huge_page * huge_page, MADV_HUGEPAGE);
}

}  // namespace

void settle_allocator() {
  mallopt(M_MMAP_THRESHOLD, 32 * megabyte);
  mallopt(M_TRIM_THRESHOLD, 2000 * megabyte);
  ask_for_huge_pages();
  mallopt(M_TOP_PAD, 64 * megabyte);
}

#else

void settle_allocator() {}

#endif

}  // namespace isthmus
