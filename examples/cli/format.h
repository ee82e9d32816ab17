/// Numbers as people write and read them.
#ifndef PHI_CLI_FORMAT_H_
#define PHI_CLI_FORMAT_H_

#include <cstdint>
#include <string>

namespace phi::cli {

/// "28.3 Gop"; three significant digits and a power of 1000 before `unit`.
std::string format_si(double value, const std::string& unit);

/// "8.4 GB"; three significant digits, powers of 1000, as disks and bandwidths are counted.
std::string format_bytes(uint64_t bytes);

/// "14.66 B", "260.0 K": a number of parameters.
std::string format_count(uint64_t count);

/// "830 ms", "12.4 s", "3 min 5 s".
std::string format_seconds(double seconds);

/// `value` with `digits` after the point.
std::string format_fixed(double value, int digits);

/// Bytes from "8G", "512MiB" or "1e9": K, M, G, T are powers of 1000, Ki, Mi, Gi, Ti of 1024.
/// Throws UsageError naming `flag`.
uint64_t parse_bytes(const std::string& text, const std::string& flag);

}  // namespace phi::cli

#endif  // PHI_CLI_FORMAT_H_
