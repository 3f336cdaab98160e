BASE_SRCS := stepupd/base/boot_time.cc stepupd/base/printable.cc stepupd/base/small_file.cc
