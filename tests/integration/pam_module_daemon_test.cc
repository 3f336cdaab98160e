// SPDX-License-Identifier: ISC
// The module and what listens at its socket: absent, not trusted, silent, or talking nonsense.
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <thread>

#include "stepupd/base/boot_time.h"
#include "stepupd/wire/status_messages.h"

#include "tests/integration/pam_module.h"  // CppUTest comes last

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::fakes;
using wire::MessageId;
using wire::MessageType;
using wire::VerdictCode;

TEST_GROUP_BASE(PamModuleDaemon, PamModuleFixture){};

TEST(PamModuleDaemon, RefusesAtOnceWithoutADaemonOfRoots) {
  // Each way leaves `socket_path` in a state, with a listener that would grant where there can be
  // one.
  struct Case {
    const char* name;
    std::function<void()> arrange;
    bool listens;
    int want;
    const char* words;
  };
  const std::string plain = socket_dir + "/plain";
  const std::string elsewhere = socket_dir + "/elsewhere";
  const Case cases[] = {
      {"no socket",                  [] {},                                                false, PAM_AUTHINFO_UNAVAIL, "No such file or directory"             },
      {"no directory",               [&] { std::filesystem::remove_all(socket_dir); },     false,
       PAM_AUTHINFO_UNAVAIL,                                                                                            "No such file or directory"             },
      {"nobody listens",
       [&] {
         {
           const FakeListener stale(elsewhere);
           std::filesystem::create_hard_link(elsewhere, socket_path);
         }
       },                                                                                  false, PAM_AUTHINFO_UNAVAIL, "Connection refused"                    },
      {"not a socket",               [&] { std::ofstream(socket_path) << "x"; },           false, PAM_SYSTEM_ERR,
       "it is not a socket"                                                                                                                                     },
      {"a symlink",
       [&] {
         std::filesystem::rename(socket_path, elsewhere);
         std::filesystem::create_symlink(elsewhere, socket_path);
       },                                                                                  true,  PAM_SYSTEM_ERR,       "it is not a socket"                    },
      {"another owner",              [&] { (void)!chown(socket_path.c_str(), 65534, 0); }, true,  PAM_SYSTEM_ERR,
       "it does not belong to root"                                                                                                                             },
      {"directory of another owner", [&] { (void)!chown(socket_dir.c_str(), 65534, 0); },  true,
       PAM_SYSTEM_ERR,                                                                                                  "its directory does not belong to root" },
      {"directory of a group",       [&] { (void)chmod(socket_dir.c_str(), 0775); },       true,  PAM_SYSTEM_ERR,
       "its directory can be written by others"                                                                                                                 },
      {"directory of everybody",     [&] { (void)chmod(socket_dir.c_str(), 01777); },      true,
       PAM_SYSTEM_ERR,                                                                                                  "its directory can be written by others"},
  };
  for (const Case& c : cases) {
    std::filesystem::remove_all(socket_dir);
    std::filesystem::create_directory(socket_dir);
    (void)chmod(socket_dir.c_str(), 0755);
    std::optional<FakeStepupd> daemon;
    if (c.listens) daemon.emplace(socket_path, answering(VerdictCode::Granted));
    c.arrange();
    for (const bool auth : {true, false}) {
      FakeConversation application;
      const BootTime before = boot_now();
      const int code = auth ? authenticate(application) : account(application);
      const BootTime took = boot_now() - before;
      CHECK_EQUAL_TEXT(c.want, code, c.name);
      CHECK_TEXT(took < 50ms, c.name);
      CHECK_EQUAL_TEXT(1, application.heard().size(), c.name);
      CHECK_EQUAL_TEXT(PAM_ERROR_MSG, application.heard()[0].style, c.name);
      const std::string& text = application.heard()[0].text;
      CHECK_TEXT(contains(text, c.words) && contains(text, "RECOVERY"), text.c_str());
    }
    CHECK_TEXT(!daemon || daemon->connections() == 0, c.name);
  }
}

TEST(PamModuleDaemon, RefusesAListenerThatIsNotRoots) {
  // The path is right, as it would be after a race between looking and connecting.
  FakeListener listener(socket_path);
  CHECK_EQUAL(0, seteuid(65534));
  CHECK_EQUAL(0, listen(listener.fd(), 4));
  CHECK_EQUAL(0, seteuid(0));
  FakeConversation application;
  CHECK_EQUAL(PAM_SYSTEM_ERR, account(application));
  CHECK_TRUE(contains(application.heard().at(0).text, "it was not started by root"));
}

TEST(PamModuleDaemon, T02ObeysNoListenerThatTookThePlaceOfRootsInARace) {
  // More than anybody but root could do: two sockets of root's take turns at the path, and at one
  // of them somebody else listens.
  constexpr int kRounds = 2000;
  const std::string roots = socket_dir + "/roots";
  const std::string others = socket_dir + "/others";
  const FakeStepupd daemon(roots, answering(VerdictCode::Denied));
  FakeListener impostor(others, 128);
  CHECK_EQUAL(0, seteuid(65534));
  CHECK_EQUAL(0, listen(impostor.fd(), 128));
  CHECK_EQUAL(0, seteuid(0));
  std::atomic<bool> over = false;
  std::atomic<int> asked = 0;
  std::thread granting([&] {
    while (!over) {
      if (!readable(impostor.fd(), 20ms)) continue;
      FakeConnection connection = impostor.accept();
      if (!connection.receive()) continue;
      ++asked;
      connection.send(verdict_of(VerdictCode::Granted));
    }
  });
  std::thread swapping([&] {
    const std::string next = socket_dir + "/next";
    while (!over) {
      for (const std::string& one : {roots, others}) {
        (void)!link(one.c_str(), next.c_str());
        (void)rename(next.c_str(), socket_path.c_str());
      }
    }
  });
  std::map<int, int> codes;
  for (int i = 0; i < kRounds; ++i) {
    FakeConversation application;
    ++codes[account(application)];
  }
  over = true;
  swapping.join();
  granting.join();
  CHECK_EQUAL(0, codes[PAM_SUCCESS]);
  CHECK_EQUAL(0, asked);
  CHECK_TRUE(codes[PAM_PERM_DENIED] > 0);
  CHECK_TRUE(codes[PAM_SYSTEM_ERR] > 0);
}

TEST(PamModuleDaemon, RefusesASilentDaemonAtTheDeadline) {
  const FakeStepupd daemon(socket_path, [](FakeConnection& connection) { connection.await_end(); });
  FakeConversation application;
  const BootTime before = boot_now();
  CHECK_EQUAL(PAM_AUTHINFO_UNAVAIL, account(application));
  const BootTime took = boot_now() - before;
  CHECK_TRUE(took >= 1000ms && took < 1300ms);
  STRCMP_EQUAL(wire::sentence({.id = MessageId::DaemonSilent, .args = {socket_path}}).c_str(),
               application.heard().at(0).text.c_str());
}

TEST(PamModuleDaemon, RefusesADaemonWhoseHeartbeatStops) {
  const FakeStepupd daemon(socket_path, [](FakeConnection& connection) {
    (void)connection.receive();
    connection.send(wire::Heartbeat{});
    connection.await_end();
  });
  FakeConversation application;
  const BootTime before = boot_now();
  CHECK_EQUAL(PAM_AUTHINFO_UNAVAIL, account(application));
  const BootTime took = boot_now() - before;
  CHECK_TRUE(took >= 5000ms && took < 5300ms);
}

TEST(PamModuleDaemon, RefusesADamagedReply) {
  struct Case {
    const char* name;
    FakeStepupd::Script script;
    int want;
    MessageId words;
  };
  const auto granted = [](const FakeConnection& daemon) {
    return *wire::encode(daemon.id(), verdict_of(VerdictCode::Granted));
  };
  const Case cases[] = {
      {"no reply",                          [](FakeConnection& daemon) { (void)daemon.receive(); }, PAM_AUTHINFO_UNAVAIL,
       MessageId::DaemonLeft                                                                                                                       },
      {"closed before the request",         [](FakeConnection&) {},                                 PAM_AUTHINFO_UNAVAIL,
       MessageId::DaemonLeft                                                                                                                       },
      {"last byte missing",
       [&](FakeConnection& daemon) {
         (void)daemon.receive();
         auto packet = granted(daemon);
         packet.shrink(packet.size() - 1);
         daemon.send_raw(packet);
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"one byte more",
       [&](FakeConnection& daemon) {
         (void)daemon.receive();
         const auto packet = granted(daemon);
         SecretBytes longer(packet.size() + 1);
         std::ranges::copy(packet.view(), longer.bytes().begin());
         daemon.send_raw(longer);
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"garbage",
       [](FakeConnection& daemon) {
         (void)daemon.receive();
         daemon.send_raw(SecretBytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"zeroes",
       [](FakeConnection& daemon) {
         (void)daemon.receive();
         daemon.send_raw(SecretBytes(64));
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"reply to another request",
       [](FakeConnection& daemon) {
         (void)daemon.receive();
         daemon.send_raw(*wire::encode(wire::RequestId{1}, verdict_of(VerdictCode::Granted)));
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"reply before the request was read",
       [](FakeConnection& daemon) {
         daemon.send(verdict_of(VerdictCode::Granted));
         (void)daemon.receive();
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"reply of the control socket",
       [](FakeConnection& daemon) {
         (void)daemon.receive();
         daemon.send(wire::StatusReport{});
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"its own request",
       [](FakeConnection& daemon) {
         if (auto packet = daemon.receive()) daemon.send_raw(packet->bytes);
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonNonsense},
      {"another version",
       [](FakeConnection& daemon) {
         (void)daemon.receive();
         daemon.send(wire::VersionMismatch{.oldest = 2, .newest = 9});
       },                                                                                           PAM_SYSTEM_ERR,       MessageId::DaemonVersion },
  };
  for (const Case& c : cases) {
    const FakeStepupd daemon(socket_path, c.script);
    for (const bool auth : {true, false}) {
      FakeConversation application;
      CHECK_EQUAL_TEXT(c.want, auth ? authenticate(application) : account(application), c.name);
      CHECK_EQUAL_TEXT(1, application.heard().size(), c.name);
      const auto words = c.words == MessageId::DaemonVersion
                             ? wire::sentence({
                                   .id = c.words, .args = {"1", "2", "9"}
      })
                             : wire::sentence({.id = c.words, .args = {socket_path}});
      STRCMP_EQUAL(words.c_str(), application.heard()[0].text.c_str());
    }
  }
}

TEST(PamModuleDaemon, TakesTheFirstVerdictOnly) {
  const FakeStepupd daemon(socket_path, [](FakeConnection& connection) {
    (void)connection.receive();
    connection.send(refusal(VerdictCode::Denied));
    connection.send(verdict_of(VerdictCode::Granted));
  });
  FakeConversation application;
  CHECK_EQUAL(PAM_PERM_DENIED, account(application));
}
