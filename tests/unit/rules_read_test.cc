// SPDX-License-Identifier: ISC
// Files that somebody else could have written, on a real file system.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "stepupd/base/unique_fd.h"
#include "stepupd/rules/trusted_dir.h"
#include "tests/fakes/fake_stepupd.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::rules;

TEST_GROUP(RulesRead) {
  fakes::ScratchDirectory scratch;
  const std::string etc = scratch.file("etc");
  const std::string vendor = scratch.file("vendor");
  const std::string drop_ins = etc + "/stepupd.conf.d";
  const std::string vendor_drop_ins = vendor + "/stepupd.conf.d";

  void setup() override {
    for (const auto& path : {etc, vendor, drop_ins, vendor_drop_ins}) make_directory(path, 0755);
    put(etc + "/stepupd.conf", "main");
  }

  static void make_directory(const std::string& path, mode_t mode) {
    CHECK_EQUAL(0, mkdir(path.c_str(), mode));
  }
  static void put(const std::string& path, const std::string& text, mode_t mode = 0644) {
    const UniqueFd fd(open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
    CHECK_TEXT(fd.get() >= 0, path.c_str());
    CHECK_EQUAL(static_cast<ssize_t>(text.size()), write(fd.get(), text.data(), text.size()));
    CHECK_EQUAL(0, fchmod(fd.get(), mode));
  }

  [[nodiscard]] Trust trust() const { return {getuid(), scratch.path()}; }

  // The files as "path=text" or "path=text<replaced", or the problems, one a line, without the
  // scratch directory.
  [[nodiscard]] std::string read(const Trust& as) const {
    const auto files = read_files_of({etc, vendor}, as);
    std::string lines;
    if (files) {
      for (const SourceFile& file : *files) {
        lines += file.path + '=' + file.text;
        lines += (file.replaces.empty() ? "" : '<' + file.replaces) + '\n';
      }
    } else {
      for (const Problem& problem : files.error()) lines += to_string(problem) + '\n';
    }
    for (auto i = lines.find(scratch.path()); i != lines.npos; i = lines.find(scratch.path())) {
      lines.erase(i, scratch.path().size() + 1);
    }
    return lines;
  }
  [[nodiscard]] std::string read() const { return read(trust()); }

  void check_refused(const char* want) const { STRCMP_EQUAL(want, read().c_str()); }
};

TEST(RulesRead, TakesDropInsByNameAndTheAdministratorsFirst) {
  put(vendor_drop_ins + "/10-a.conf", "vendor a");
  put(vendor_drop_ins + "/20-b.conf", "vendor b");
  put(vendor_drop_ins + "/50-e.conf", "vendor e");
  put(drop_ins + "/30-c.conf", "c");
  put(drop_ins + "/20-b.conf", "b");
  put(drop_ins + "/10-a.conf", "");
  CHECK_EQUAL(0, symlink("/dev/null", (drop_ins + "/50-e.conf").c_str()));
  const char* const want =
      "etc/stepupd.conf=main\n"
      "etc/stepupd.conf.d/10-a.conf=<vendor/stepupd.conf.d/10-a.conf\n"
      "etc/stepupd.conf.d/20-b.conf=b<vendor/stepupd.conf.d/20-b.conf\n"
      "etc/stepupd.conf.d/30-c.conf=c\n"
      "etc/stepupd.conf.d/50-e.conf=<vendor/stepupd.conf.d/50-e.conf\n";
  STRCMP_EQUAL(want, read().c_str());
  STRCMP_EQUAL(want, read(Trust{}).c_str());
}

TEST(RulesRead, TakesTagsByNameAndLooksAtTheirOwnerToo) {
  const std::string tags = etc + "/tags.d";
  make_directory(tags, 0755);
  put(tags + "/b.conf", "db");
  put(tags + "/a.conf", "");
  put(tags + "/a", "ignored", 0666);
  STRCMP_EQUAL("etc/stepupd.conf=main\netc/tags.d/a.conf=\netc/tags.d/b.conf=db\n", read().c_str());
  CHECK_EQUAL(0, chmod((tags + "/b.conf").c_str(), 0666));
  STRCMP_CONTAINS("etc/tags.d/b.conf: ", read().c_str());
  CHECK_EQUAL(0, chmod((tags + "/b.conf").c_str(), 0644));
  CHECK_EQUAL(0, chmod(tags.c_str(), 0777));
  STRCMP_CONTAINS("etc/tags.d: ", read().c_str());
}

TEST(RulesRead, IgnoresNamesOfEditorsAndPackageManagers) {
  for (const char* name :
       {"a.conf~", "a.conf.bak", "a.conf.rpmnew", "a.conf.rpmsave", "a.conf.dpkg-dist",
        "a.conf.dpkg-new", ".a.conf", ".conf", "#a.conf#", "a.CONF", "aconf", "README"}) {
    put(drop_ins + '/' + name, "x", 0666);
  }
  STRCMP_EQUAL("etc/stepupd.conf=main\n", read().c_str());
}

TEST(RulesRead, NeedsTheMainFileButNoDropIns) {
  CHECK_EQUAL(0, rmdir(drop_ins.c_str()));
  CHECK_EQUAL(0, rmdir(vendor_drop_ins.c_str()));
  CHECK_EQUAL(0, rmdir(vendor.c_str()));
  STRCMP_EQUAL("etc/stepupd.conf=main\n", read().c_str());
  CHECK_EQUAL(0, unlink((etc + "/stepupd.conf").c_str()));
  check_refused("etc/stepupd.conf: missing\n");
  CHECK_EQUAL(0, rmdir(etc.c_str()));
  check_refused("etc/stepupd.conf: missing\n");
}

TEST(RulesRead, RefusesWhatOthersMayWrite) {
  put(drop_ins + "/10.conf", "x", 0664);
  put(drop_ins + "/20.conf", "x", 0646);
  put(drop_ins + "/30.conf", "x", 0600);
  check_refused(
      "etc/stepupd.conf.d/10.conf: writable by its group or by others\n"
      "etc/stepupd.conf.d/20.conf: writable by its group or by others\n");
  CHECK_EQUAL(0, chmod(drop_ins.c_str(), 01777));
  check_refused("etc/stepupd.conf.d: writable by its group or by others\n");
  CHECK_EQUAL(0, chmod(drop_ins.c_str(), 0755));
  CHECK_EQUAL(0, chmod(scratch.path().c_str(), 0770));
  const auto refused = read_files_of({etc, vendor}, trust());
  STRCMP_EQUAL((scratch.path() + ": writable by its group or by others").c_str(),
               to_string(refused.error().at(0)).c_str());
}

TEST(RulesRead, RefusesWhatAnotherOwns) {
  Trust other = trust();
  other.owner = getuid() + 1;
  CHECK_TRUE(read(other).find("owned by uid ") != std::string::npos);
  if (getuid() != 0) return;  // only root gives files away
  put(drop_ins + "/10.conf", "x");
  CHECK_EQUAL(0, chown((drop_ins + "/10.conf").c_str(), 1000, 0));
  check_refused("etc/stepupd.conf.d/10.conf: owned by uid 1000, not by uid 0\n");
  CHECK_EQUAL(0, chown(drop_ins.c_str(), 1000, 0));
  check_refused("etc/stepupd.conf.d: owned by uid 1000, not by uid 0\n");
}

TEST(RulesRead, FollowsNoLinks) {
  put(scratch.file("elsewhere"), "x");
  CHECK_EQUAL(0, symlink(scratch.file("elsewhere").c_str(), (drop_ins + "/10.conf").c_str()));
  CHECK_EQUAL(0, symlink("/dev/nullx", (drop_ins + "/20.conf").c_str()));
  CHECK_EQUAL(0, symlink("30.conf", (drop_ins + "/30.conf").c_str()));
  const char* const why = ": a symbolic link, which only /dev/null may be the target of\n";
  STRCMP_EQUAL(("etc/stepupd.conf.d/10.conf" + std::string(why) + "etc/stepupd.conf.d/20.conf" +
                why + "etc/stepupd.conf.d/30.conf" + why)
                   .c_str(),
               read().c_str());

  CHECK_EQUAL(0, rename(vendor_drop_ins.c_str(), (vendor + "/real").c_str()));
  CHECK_EQUAL(0, symlink("real", vendor_drop_ins.c_str()));
  check_refused("vendor/stepupd.conf.d: not a directory, or a symbolic link\n");
}

TEST(RulesRead, MasksNoMainFile) {
  // A masked main file is an empty one, which parse() refuses.
  CHECK_EQUAL(0, unlink((etc + "/stepupd.conf").c_str()));
  CHECK_EQUAL(0, symlink("/dev/null", (etc + "/stepupd.conf").c_str()));
  const auto files = read_files_of({etc, vendor}, trust());
  STRCMP_EQUAL("empty", parse(*files).error().at(0).what.c_str());
}

TEST(RulesRead, RefusesWhatIsNoFileAndNeverWaitsForIt) {
  CHECK_EQUAL(0, mkfifo((drop_ins + "/10.conf").c_str(), 0644));
  make_directory(drop_ins + "/20.conf", 0755);
  check_refused(
      "etc/stepupd.conf.d/10.conf: not a regular file\n"
      "etc/stepupd.conf.d/20.conf: not a regular file\n");
  CHECK_EQUAL(0, rename((drop_ins + "/10.conf").c_str(), (etc + "/stepupd.conf").c_str()));
  CHECK_EQUAL(0, rmdir((drop_ins + "/20.conf").c_str()));
  check_refused("etc/stepupd.conf: not a regular file\n");
  CHECK_EQUAL(0, rmdir(drop_ins.c_str()));
  put(drop_ins, "x");
  check_refused(
      "etc/stepupd.conf: not a regular file\n"
      "etc/stepupd.conf.d: not a directory, or a symbolic link\n");
}

TEST(RulesRead, BoundsTheSizeOfAFileAndOfAll) {
  put(etc + "/stepupd.conf", std::string(kMaxFileSize, '#'));
  CHECK_TRUE(read_files_of({etc, vendor}, trust()).has_value());
  put(drop_ins + "/10.conf", "");
  CHECK_EQUAL(0, truncate((drop_ins + "/10.conf").c_str(), off_t{10} << 30));  // sparse
  check_refused("etc/stepupd.conf.d/10.conf: larger than 1 MiB\n");
  for (const char* name : {"/10.conf", "/20.conf", "/30.conf"}) {
    put(drop_ins + name, std::string(kMaxFileSize, '#'));
  }
  CHECK_TRUE(read_files_of({etc, vendor}, trust()).has_value());
  put(drop_ins + "/40.conf", "#");
  check_refused("etc/stepupd.conf.d/40.conf: makes all files larger than 4 MiB\n");
}

TEST(RulesRead, BoundsTheNumberOfFiles) {
  const auto fill = [](const std::string& directory, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      const std::string path = directory + '/' + std::to_string(i) + ".conf";
      CHECK_EQUAL(0, symlink("/dev/null", path.c_str()));
    }
  };
  fill(vendor_drop_ins, 0, kMaxFiles - 2);
  fill(drop_ins, kMaxFiles - 2, kMaxFiles - 1);
  CHECK_EQUAL(kMaxFiles, read_files_of({etc, vendor}, trust())->size());
  fill(drop_ins, kMaxFiles - 1, kMaxFiles);
  check_refused("etc/stepupd.conf.d: more than 1000 files\n");
  fill(vendor_drop_ins, kMaxFiles - 2, kMaxFiles + 1);
  check_refused("vendor/stepupd.conf.d: holds more than 1000 files\n");
}

TEST(RulesRead, NeverTakesUnreadableForAbsent) {
  // Root may read everything, so a name that is too long stands for all that is not ENOENT.
  const std::string long_name(300, 'a');
  const auto directory = open_directory(scratch.file(long_name), trust());
  CHECK_FALSE(directory.has_value());
  CHECK_FALSE(open_directory(scratch.file(long_name), Trust{}).has_value());
  const auto here = open_directory(etc, trust());
  CHECK_FALSE(read_trusted_file(here->get(), long_name, "path", trust()).has_value());
  if (getuid() == 0) return;
  CHECK_EQUAL(0, chmod((etc + "/stepupd.conf").c_str(), 0200));
  check_refused("etc/stepupd.conf: cannot be opened: Permission denied\n");
  CHECK_EQUAL(0, chmod(etc.c_str(), 0));
  CHECK_TRUE(read().find("etc: cannot be opened: Permission denied\n") != std::string::npos);
  CHECK_EQUAL(0, chmod(etc.c_str(), 0755));
}

TEST(RulesRead, ExaminesEveryDirectoryUpToTheRoot) {
  // The scratch directory is below /tmp, which everybody may write to.
  Trust root;
  root.owner = 0;
  const auto refused = open_directory(etc, root);
  STRCMP_EQUAL("/tmp: writable by its group or by others", to_string(refused.error()).c_str());
  CHECK_FALSE(read_files({etc, vendor}).has_value());
  CHECK_TRUE(read_files({etc, vendor}, OwnerRule::Anyone).has_value());
  CHECK_FALSE(open_directory("etc", root).has_value());
  CHECK_TRUE(open_directory("/", root).value().get() >= 0);
  CHECK_TRUE(open_directory("/stepup-that-is-absent/below", root).value().get() < 0);
}
