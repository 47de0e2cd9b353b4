#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace isthmus::report {

/// Text as it may stand in HTML, also within quotes.
std::string escape(std::string_view text);

/// "6 min 12 s", "41 s", "2 h 5 min".
std::string duration(double seconds);

/// 1234567 as "1,234,567".
std::string grouped(int64_t number);

/// A figure for a reader: as many decimals as its standard error has sense for (two digits of the error),
/// else five significant
/// digits, or whole with its thousands set apart; a true minus sign.
std::string rounded(double value, std::optional<double> standard_error);

}  // namespace isthmus::report
