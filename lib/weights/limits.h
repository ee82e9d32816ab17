/// The largest models that this library takes. Far above any real model and small enough that every
/// product of two or three of these numbers fits 64 bits, so that code behind check_config() need
/// not check again.
#ifndef PHI_WEIGHTS_LIMITS_H_
#define PHI_WEIGHTS_LIMITS_H_

#include <cstdint>

namespace phi::weights {

inline constexpr uint32_t kMaxLayers = 1U << 12;
inline constexpr uint32_t kMaxHidden = 1U << 20;
inline constexpr uint32_t kMaxIntermediate = 1U << 22;
inline constexpr uint32_t kMaxHeads = 1U << 12;
inline constexpr uint32_t kMaxHeadDim = 1U << 10;
inline constexpr uint32_t kMaxVocab = 1U << 24;
inline constexpr uint32_t kMaxContext = 1U << 30;

}  // namespace phi::weights

#endif  // PHI_WEIGHTS_LIMITS_H_
