#pragma once

namespace isthmus {

/// From now on numbers below 1.2e-38 count as 0 on this thread and those that it starts: an importance weight
/// or a moment that has died out would else slow the arithmetic around it a hundredfold. Call it before
/// anything is computed, as the program does.
void flush_denormals();

}  // namespace isthmus
