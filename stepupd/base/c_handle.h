// SPDX-License-Identifier: ISC
// Owners for objects of C libraries.
#pragma once

#include <memory>

namespace stepup {

// Calls Release on the owned pointer.  Release must not throw.
template <auto Release>
struct CRelease {
  template <typename T>
  void operator()(T* object) const noexcept {
    (void)Release(object);
  }
};

// Sole owner of a C object; empty holds nullptr.  Same size as a raw pointer.
template <typename T, auto Release>
using CHandle = std::unique_ptr<T, CRelease<Release>>;

}  // namespace stepup
