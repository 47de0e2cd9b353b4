#pragma once

namespace isthmus {

/// Sets this process's malloc up for training, before anything large is allocated. Freed memory stays with
/// the process, but for blocks of 32 MiB and more: a step allocates what the one before it freed, and pages
/// that go back to the system must be cleared anew each time. And the heap lies in pages of 2 MiB where the
/// system has them for who asks (transparent huge pages): a step reads all weights several times over, and
/// with pages of 4 KiB each reading looks hundreds of addresses up. Heaps that other threads may have stay as
/// they are. Where malloc is another than glibc's, nothing happens.
void settle_allocator();

}  // namespace isthmus
