// SPDX-License-Identifier: ISC
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "stepupd/base/small_file.h"
#include "stepupd/base/unique_fd.h"
#include "tests/fakes/fake_stepupd.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;

TEST_GROUP(BaseSmallFile) {
  fakes::ScratchDirectory scratch;

  std::string write_file(std::size_t size) {
    const std::string path = scratch.file("file");
    const UniqueFd fd(open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
    const std::string text(size, 'a');
    CHECK_EQUAL(static_cast<ssize_t>(size), write(fd.get(), text.data(), text.size()));
    return path;
  }
};

TEST(BaseSmallFile, IsReadWholeOrNotAtAll) {
  for (const std::size_t size : {0, 1, 4095, 4096, 4097, 9000}) {
    const std::string path = write_file(size);
    CHECK_EQUAL(size, read_small_file(path.c_str(), size)->size());
    if (size > 0) {
      CHECK_TRUE(read_small_file(path.c_str(), size - 1).error().code == Errc::TooLarge);
    }
  }
}

TEST(BaseSmallFile, ThatIsAbsentIsNotTakenForOneThatCannotBeRead) {
  CHECK_TRUE(read_small_file(scratch.file("absent").c_str(), 9).error().code == Errc::NotFound);
  CHECK_TRUE(read_small_file((write_file(1) + "/below").c_str(), 9).error().code == Errc::Internal);
  CHECK_TRUE(read_small_file(scratch.path().c_str(), 9).error().code == Errc::Internal);
  CHECK_TRUE(read_all(-1, 9).error().code == Errc::Internal);
}

TEST(BaseSmallFile, IsNotReachedThroughASymlink) {
  const std::string link = scratch.file("link");
  CHECK_EQUAL(0, symlink(write_file(1).c_str(), link.c_str()));
  const auto text = read_small_file(link.c_str(), 9);
  CHECK_TRUE(text.error().code == Errc::Internal);
  CHECK_EQUAL(ELOOP, text.error().sys_errno);
}

TEST(BaseSmallFile, ThatIsAPipeDoesNotBlock) {
  const std::string fifo = scratch.file("fifo");
  CHECK_EQUAL(0, mkfifo(fifo.c_str(), 0600));
  STRCMP_EQUAL("", read_small_file(fifo.c_str(), 9)->c_str());
}
