// SPDX-License-Identifier: ISC
// What is forgotten when logind says so, or can no longer be heard; logind stands at the other end
// of a connection without a bus between.
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-id128.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "stepupd/daemon/session_watch.h"
#include "stepupd/session/asker.h"
#include "tests/unit/quiet_records.h"

#include <CppUTest/TestHarness.h>

using namespace stepup;
using namespace stepup::daemon;
using namespace std::chrono_literals;

namespace {

constexpr const char* kUnique = ":1.7";
constexpr const char* kRoot = "/org/freedesktop/login1";
constexpr const char* kManager = "org.freedesktop.login1.Manager";
constexpr const char* kSession = "org.freedesktop.login1.Session";

std::string path_of(const std::string& id) { return std::string(kRoot) + "/session/_" + id; }

struct Listed {
  std::uint32_t user = 1000;
  std::uint32_t audit = 0;
  bool locked = false;
  std::uint32_t leader = 0;
};

class FakeLogind {
 public:
  std::map<std::string, Listed> sessions;
  bool answers = true;

  // The client's end of a new connection.
  Bus connect(sd_event* loop) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) return {};
    bus_ = started(ends[0], true);
    (void)sd_bus_set_sender(bus_.get(), kUnique);
    (void)sd_bus_add_filter(bus_.get(), nullptr, handle, this);
    (void)sd_bus_attach_event(bus_.get(), loop, 0);
    return started(ends[1], false);
  }
  void hang_up() { bus_.reset(); }

  // As `sender`; the arguments are those of sd_bus_message_append(3).
  template <typename... Arguments>
  void signal_from(const char* sender, const std::string& path, const char* interface,
                   const char* member, const char* types, Arguments... arguments) {
    sd_bus_message* raw = nullptr;
    (void)sd_bus_message_new_signal(bus_.get(), &raw, path.c_str(), interface, member);
    const CHandle<sd_bus_message, &sd_bus_message_unref> message(raw);
    (void)sd_bus_message_set_sender(raw, sender);
    (void)sd_bus_message_append(raw, types, arguments...);
    (void)sd_bus_send(bus_.get(), raw, nullptr);
  }
  template <typename... Arguments>
  void signal(Arguments... arguments) {
    signal_from(kUnique, arguments...);
  }
  void locked_hint(const std::string& id, bool locked) {
    signal(path_of(id), "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as",
           kSession, 2, "Active", "b", 1, "LockedHint", "b", locked ? 1 : 0, 0);
  }

 private:
  static Bus started(int fd, bool serves) {
    sd_bus* raw = nullptr;
    (void)sd_bus_new(&raw);
    Bus bus(raw);
    (void)sd_bus_set_fd(raw, fd, fd);
    sd_id128_t id{};
    (void)sd_id128_randomize(&id);
    if (serves) (void)sd_bus_set_server(raw, 1, id);
    (void)sd_bus_set_anonymous(raw, 1);
    (void)sd_bus_start(raw);
    return bus;
  }

  static int handle(sd_bus_message* call, void* self, sd_bus_error*) {
    return static_cast<FakeLogind*>(self)->reply_to(call);
  }

  int reply_to(sd_bus_message* call) {
    if (!answers) return 1;
    sd_bus_message* raw = nullptr;
    if (sd_bus_message_is_method_call(call, kManager, "ListSessions") > 0) {
      (void)sd_bus_message_new_method_return(call, &raw);
      (void)sd_bus_message_open_container(raw, 'a', "(susso)");
      for (const auto& [id, session] : sessions) {
        (void)sd_bus_message_append(raw, "(susso)", id.c_str(), session.user, "name", "",
                                    path_of(id).c_str());
      }
      (void)sd_bus_message_close_container(raw);
    } else if (sd_bus_message_is_method_call(call, nullptr, "GetAll") > 0) {
      const std::string path = sd_bus_message_get_path(call);
      const std::string id = path.substr(path.rfind('_') + 1);
      const auto found = sessions.find(id);
      if (found == sessions.end()) {
        return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_OBJECT, "gone");
      }
      (void)sd_bus_message_new_method_return(call, &raw);
      (void)sd_bus_message_append(raw, "a{sv}", 6, "Id", "s", id.c_str(), "Name", "s", "name",
                                  "Audit", "u", found->second.audit, "Leader", "u",
                                  found->second.leader, "LockedHint", "b",
                                  found->second.locked ? 1 : 0, "User", "(uo)", found->second.user,
                                  "/org/freedesktop/login1/user/_1000");
    } else {
      return 0;
    }
    const CHandle<sd_bus_message, &sd_bus_message_unref> message(raw);
    (void)sd_bus_send(bus_.get(), raw, nullptr);
    return 1;
  }

  Bus bus_;
};

}  // namespace

TEST_GROUP(SessionWatchOf) {
  QuietRecords quiet;
  EventLoop loop;
  FakeLogind logind;
  GrantLedger ledger;
  int opened = 0;
  bool reachable = true;
  std::unique_ptr<SessionWatch> watch;

  void setup() override {
    sd_event* raw = nullptr;
    CHECK(sd_event_new(&raw) >= 0);
    loop.reset(raw);
  }
  void teardown() override {
    watch.reset();
    logind.hang_up();
  }

  static SessionKey audit(std::uint64_t id) { return {SessionKey::Kind::Audit, id}; }
  static constexpr SessionKey kManagerOfAlice{SessionKey::Kind::Manager, 1000};

  void grant(const SessionKey& session, uid_t subject = 1000) {
    policy::Grant grant;
    grant.where.subject = subject;
    grant.where.session = session;
    grant.where.widest = session.kind == SessionKey::Kind::Manager ? Scope::Tty : Scope::Session;
    grant.level = Level::Otp;
    grant.auth_time = boot_now();
    ledger.add(grant);
  }
  bool holds(const SessionKey& session) const {
    for (const policy::Grant& grant : ledger.all()) {
      if (grant.where.session == session) return true;
    }
    return false;
  }
  void start() {
    const auto open = [this]() -> Result<Bus> {
      ++opened;
      if (!reachable) return failure(Errc::Unreachable, "no bus");
      return logind.connect(loop.get());
    };
    const auto audit_session_of = [](pid_t pid) -> std::optional<std::uint32_t> {
      if (pid != 7007) return std::nullopt;
      return 7;
    };
    watch = std::make_unique<SessionWatch>(ledger, open, audit_session_of);
    CHECK_TRUE(watch->start(loop.get()).has_value());
  }
  // Lets the loop run until `done`, or nothing happens any more.
  template <typename Done>
  bool until(Done done) {
    for (int i = 0; i < 1000 && !done(); ++i) {
      if (sd_event_run(loop.get(), 20'000) <= 0) break;
    }
    return done();
  }
  void seeing() {
    start();
    CHECK_TRUE(until([&] { return watch->sees(); }));
  }
  // Whether a grant of `session` goes, and that one of audit session 99 stays.
  bool goes(const SessionKey& session) {
    const bool gone = until([&] { return !holds(session); });
    return gone && holds(audit(99));
  }
};

TEST(SessionWatchOf, EndsWhatWasProvedInASessionThatEnds) {
  logind.sessions = {
      {"7",  {}        },
      {"c3", {1001}    },
      {"99", {1002}    },
      {"c4", {1001, 12}}
  };
  seeing();
  const SessionKey counted{SessionKey::Kind::Logind, 3ULL | 1ULL << 32};
  for (const SessionKey& session : {audit(7), counted, audit(12), audit(99)}) grant(session);
  logind.signal(kRoot, kManager, "SessionRemoved", "so", "7", path_of("7").c_str());
  CHECK_TRUE(goes(audit(7)));
  logind.signal(kRoot, kManager, "SessionRemoved", "so", "c3", path_of("c3").c_str());
  CHECK_TRUE(goes(counted));
  logind.signal(kRoot, kManager, "SessionRemoved", "so", "c4", path_of("c4").c_str());
  CHECK_TRUE(goes(audit(12)));
}

TEST(SessionWatchOf, EndsWhatAUsersManagerHoldsWithTheLastOfTheirSessions) {
  logind.sessions = {
      {"7",  {}    },
      {"8",  {}    },
      {"99", {1002}}
  };
  seeing();
  grant(kManagerOfAlice);
  grant(audit(7));
  grant(audit(99));
  logind.signal(kRoot, kManager, "SessionRemoved", "so", "7", path_of("7").c_str());
  CHECK_TRUE(goes(audit(7)));
  CHECK_TRUE(holds(kManagerOfAlice));
  logind.signal(kRoot, kManager, "SessionRemoved", "so", "8", path_of("8").c_str());
  CHECK_TRUE(goes(kManagerOfAlice));
}

TEST(SessionWatchOf, EndsWhatWasProvedInASessionThatIsLocked) {
  logind.sessions = {
      {"7",  {}    },
      {"99", {1002}}
  };
  seeing();
  grant(audit(99));
  for (const bool by_hint : {true, false}) {
    grant(audit(7));
    grant(kManagerOfAlice);
    if (by_hint) logind.locked_hint("7", false);
    if (by_hint) {
      logind.locked_hint("7", true);
    } else {
      logind.signal(path_of("7"), kSession, "Lock", "");
    }
    CHECK_TRUE(goes(audit(7)));
    CHECK_TRUE(goes(kManagerOfAlice));
  }
  grant(audit(7));
  logind.locked_hint("7", false);
  logind.signal(path_of("7"), kSession, "Unlock", "");
  CHECK_FALSE(until([&] { return !holds(audit(7)); }));
}

TEST(SessionWatchOf, KnowsASessionThatCameLater) {
  logind.sessions = {
      {"99", {1002}}
  };
  seeing();
  grant(audit(99));
  grant(audit(20));
  logind.sessions["c5"] = {1000, 20};
  logind.signal(kRoot, kManager, "SessionNew", "so", "c5", path_of("c5").c_str());
  logind.signal(path_of("c5"), kSession, "Lock", "");  // before it was looked at
  CHECK_TRUE(goes(audit(20)));
}

TEST(SessionWatchOf, ForgetsEverythingWhenTheHostGoesToSleep) {
  seeing();
  grant(audit(7));
  logind.signal(kRoot, kManager, "PrepareForSleep", "b", 0);
  CHECK_FALSE(until([&] { return ledger.empty(); }));
  logind.signal(kRoot, kManager, "PrepareForSleep", "b", 1);
  CHECK_TRUE(until([&] { return ledger.empty(); }));
}

TEST(SessionWatchOf, BelievesNobodyButLogind) {
  logind.sessions = {
      {"7", {}}
  };
  seeing();
  grant(audit(7));
  logind.signal_from(":1.8", kRoot, kManager, "SessionRemoved", "so", "7", path_of("7").c_str());
  logind.signal_from(":1.8", kRoot, kManager, "PrepareForSleep", "b", 1);
  logind.signal_from(":1.8", path_of("7"), kSession, "Lock", "");
  logind.signal_from(":1.8", std::string(kRoot), "org.freedesktop.DBus", "NameOwnerChanged", "sss",
                     "org.freedesktop.login1", kUnique, "");
  CHECK_FALSE(until([&] { return !holds(audit(7)); }));
  CHECK_TRUE(watch->sees());
}

TEST(SessionWatchOf, LooksAtAllSessionsBeforeWhatAnEarlierDaemonLeftCounts) {
  logind.sessions = {
      {"7",  {}             },
      {"99", {1002}         },
      {"8",  {1000, 8, true}}
  };
  for (const std::uint64_t id : {7, 8, 9, 99}) grant(audit(id));
  policy::Grant elsewhere;  // of a service with an audit session, which logind does not list
  elsewhere.where.session = audit(50);
  elsewhere.where.widest = Scope::Tty;
  ledger.add(elsewhere);
  start();
  CHECK_TRUE(watch->sees());
  CHECK_TRUE(holds(audit(7)) && holds(audit(99)) && holds(audit(50)));
  CHECK_FALSE(holds(audit(8)));  // locked meanwhile
  CHECK_FALSE(holds(audit(9)));  // ended meanwhile
}

TEST(SessionWatchOf, TakesTheAuditSessionFromTheLeaderWhereLogindTellsNone) {
  constexpr std::uint32_t kUnset = 0xffff'ffff;
  logind.sessions = {
      {"c1", {1000, kUnset, false, 7007}},
      {"c2", {1002, kUnset, false, 8008}}
  };
  grant(audit(7));
  grant(audit(8));
  start();
  CHECK_TRUE(holds(audit(7)));
  CHECK_FALSE(holds(audit(8)));
}

TEST(SessionWatchOf, SetsAsideWhatWasProvedWhileTheBusIsLost) {
  logind.sessions = {
      {"7", {}}
  };
  seeing();
  grant(audit(7));
  reachable = false;
  logind.hang_up();
  CHECK_TRUE(until([&] { return !watch->sees(); }));
  CHECK_FALSE(holds(audit(7)));
  CHECK_FALSE(ledger.empty());
  grant(audit(8));  // proved since, and good
  CHECK_TRUE(holds(audit(8)));
}

TEST(SessionWatchOf, SetsNothingAsideOnAHostWithoutLogind) {
  grant(audit(7));
  watch = std::make_unique<SessionWatch>(
      ledger, []() -> Result<Bus> { return failure(Errc::NotFound, "no logind"); },
      session::audit_session_of);
  CHECK_TRUE(watch->start(loop.get()).has_value());
  CHECK_TRUE(holds(audit(7)));
}

TEST(SessionWatchOf, SetsAsideWhatAnEarlierDaemonLeftWhereLogindCannotBeReached) {
  grant(audit(7));
  reachable = false;
  start();
  CHECK_FALSE(holds(audit(7)));
}
