BASE_SRCS := stepupd/base/boot_time.cc stepupd/base/printable.cc stepupd/base/small_file.cc
# Not for the module, which looks up what it needs with fewer words.
ACCOUNTS := stepupd/base/accounts.cc stepupd/base/local_time.cc
# Of the programs that run by themselves; the module has no say over its host's descriptors.
STANDARD_DESCRIPTORS := stepupd/base/standard_descriptors.cc
