// SPDX-License-Identifier: ISC
// The module when memory runs out, and what it leaves in memory.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <string>

#include "tests/integration/pam_module.h"  // CppUTest comes last

// AddressSanitizer keeps memory that cannot be read, and more than the limit of the first test.
#ifndef __SANITIZE_ADDRESS__

using namespace std::chrono_literals;
using namespace stepup;
using namespace stepup::fakes;
using wire::MessageId;
using wire::MessageType;
using wire::VerdictCode;

namespace {

// An answer that this program keeps only under a mask, so that a copy of it in memory is one that
// the module, or the protocol, left there.
constexpr std::array<unsigned char, 32> kMasked = {
    0x91, 0xc4, 0x1d, 0xe8, 0x72, 0x3f, 0xaa, 0x06, 0xd3, 0x58, 0x4b, 0xf7, 0x20, 0x8e, 0x65, 0xbc,
    0x19, 0xe2, 0x7d, 0xa0, 0x36, 0xcb, 0x54, 0x0f, 0xf8, 0x81, 0x2a, 0xd6, 0x63, 0x9c, 0x47, 0xbe};
volatile unsigned char mask_of_answer = 0x5a;

// How often the first or the last half of the answer stands in writable memory.
int copies_of_answer() {
  constexpr std::size_t kHalf = kMasked.size() / 2;
  const auto half_at = [](const unsigned char* place, std::size_t from) {
    for (std::size_t i = 0; i < kHalf; ++i) {
      if (place[i] != (kMasked[from + i] ^ mask_of_answer)) return false;
    }
    return true;
  };
  int copies = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    char mode[5] = {};
    if (sscanf(line.c_str(), "%lx-%lx %4s", &from, &to, mode) != 3 || mode[1] != 'w') continue;
    const auto* end = reinterpret_cast<const unsigned char*>(to) - kHalf;
    for (const auto* place = reinterpret_cast<const unsigned char*>(from); place < end; ++place) {
      if (half_at(place, 0) || half_at(place, kHalf)) ++copies;
    }
  }
  return copies;
}

int type_answer(int, const pam_message**, pam_response** responses, void*) {
  *responses = static_cast<pam_response*>(calloc(1, sizeof(pam_response)));
  auto* answer = static_cast<char*>(calloc(1, kMasked.size() + 1));
  for (std::size_t i = 0; i < kMasked.size(); ++i) {
    answer[i] = static_cast<char>(kMasked[i] ^ mask_of_answer);
  }
  (*responses)->resp = answer;
  return PAM_SUCCESS;
}

}  // namespace

TEST_GROUP_BASE(PamModuleMemory, PamModuleFixture){};

TEST(PamModuleMemory, LetsNoExceptionOutAndRefuses) {
  // Without memory for more than small things the module throws std::bad_alloc inside.
  const pid_t child = fork();
  if (child == 0) {
    FakeConversation application;
    const Transaction transaction(confdir, application.conv());
    if (transaction.account() != PAM_AUTHINFO_UNAVAIL) _exit(100);  // nobody listens
    const rlimit nothing_more{1, 1};
    if (setrlimit(RLIMIT_AS, &nothing_more) != 0) _exit(101);
    while (void* volatile block = malloc(16 * 1024)) (void)block;
    _exit(transaction.account());
  }
  int status = 0;
  CHECK_EQUAL(child, waitpid(child, &status, 0));
  CHECK_TRUE(WIFEXITED(status));
  CHECK_EQUAL(PAM_SYSTEM_ERR, WEXITSTATUS(status));
}

TEST(PamModuleMemory, LeavesNoCopyOfTheAnswerInMemory) {
  std::size_t received = 0;
  {
    const FakeStepupd daemon(socket_path, [&](FakeConnection& connection) {
      (void)connection.receive();
      connection.send(kPrompt);
      if (auto packet = connection.receive()) received = packet->body().size();
      connection.send(verdict_of(VerdictCode::Granted));
    });
    const pam_conv conv{&type_answer, nullptr};
    CHECK_EQUAL(PAM_SUCCESS, Transaction(confdir, &conv).account());
  }
  CHECK_EQUAL(4 + kMasked.size(), received);
  CHECK_EQUAL(0, copies_of_answer());
  // The search finds a copy that is there.
  pam_response* response = nullptr;
  CHECK_EQUAL(PAM_SUCCESS, type_answer(1, nullptr, &response, nullptr));
  CHECK_TRUE(copies_of_answer() >= 2);
  free(response->resp);
  free(response);
}

#endif  // __SANITIZE_ADDRESS__
