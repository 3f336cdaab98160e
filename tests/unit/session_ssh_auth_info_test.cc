// SPDX-License-Identifier: ISC
#include <string>

#include "stepupd/session/ssh_auth_info.h"

#include <CppUTest/TestHarness.h>

using namespace stepup::session;

namespace {

constexpr LoginMethods operator|(LoginMethod a, LoginMethod b) {
  return static_cast<LoginMethods>(static_cast<LoginMethods>(a) | static_cast<LoginMethods>(b));
}
constexpr LoginMethods operator|(LoginMethods a, LoginMethod b) {
  return static_cast<LoginMethods>(a | static_cast<LoginMethods>(b));
}
constexpr auto only(LoginMethod method) { return static_cast<LoginMethods>(method); }

using M = LoginMethod;

}  // namespace

TEST_GROUP(SshAuthInfoText){};

TEST(SshAuthInfoText, NamesTheMethodsThatSucceeded) {
  const struct {
    const char* text;
    LoginMethods methods;
    const char* key;
  } cases[] = {
      {"password\n",                                                       only(M::Password),                     ""                                      },
      {"keyboard-interactive/pam\n",                                       only(M::KeyboardInteractive),          ""                                      },
      {"publickey ssh-ed25519 AAAA\n",                                     only(M::PublicKey),                    "ssh-ed25519 AAAA"                      },
      {"publickey ssh-ed25519 AAAA",                                       only(M::PublicKey),                    "ssh-ed25519 AAAA"                      },
      {"publickey sk-ssh-ed25519@openssh.com AA+/= signature count = 7\n",
       M::PublicKey | M::SecurityKey,                                                                             "sk-ssh-ed25519@openssh.com AA+/="      },
      {"publickey sk-ecdsa-sha2-nistp256@openssh.com AA\n",                M::PublicKey | M::SecurityKey,
       "sk-ecdsa-sha2-nistp256@openssh.com AA"                                                                                                            },
      {"publickey ssh-rsa-cert-v01@openssh.com AA\n",                      M::PublicKey | M::Certificate,
       "ssh-rsa-cert-v01@openssh.com AA"                                                                                                                  },
      {"publickey sk-ssh-ed25519-cert-v01@openssh.com AA\n",
       M::PublicKey | M::SecurityKey | M::Certificate,                                                            "sk-ssh-ed25519-cert-v01@openssh.com AA"},
      {"publickey ssh-rsa AA\nkeyboard-interactive/pam\n",                 M::PublicKey | M::KeyboardInteractive,
       "ssh-rsa AA"                                                                                                                                       },
      {"publickey ssh-rsa AA\npublickey ssh-ed25519 BB\n",                 only(M::PublicKey),                    "ssh-ed25519 BB"                        },
      {"gssapi-with-mic alice@EXAMPLE.ORG\n",                              only(M::Gssapi),                       ""                                      },
      {"hostbased ssh-rsa AA client user \"x\", client host \"y\"\n",      only(M::HostBased),                    ""                                      },
      {"none\n",                                                           only(M::Other),                        ""                                      },
  };
  for (const auto& c : cases) {
    const auto info = parse_ssh_auth_info(c.text);
    CHECK_TRUE_TEXT(info.has_value(), c.text);
    CHECK_EQUAL_TEXT(c.methods, info->methods, c.text);
    STRCMP_EQUAL_TEXT(c.key, info->key.c_str(), c.text);
  }
}

TEST(SshAuthInfoText, TakesNothingForASecurityKeyThatIsNotOne) {
  for (const char* text :
       {"hostbased sk-ssh-ed25519@openssh.com AA\n", "password sk-ssh-ed25519@openssh.com AA\n",
        "publickey xsk-ssh-ed25519@openssh.com AA\n", "publickey sk-ssh-ed25519 AA\n",
        "publickey sk-ssh-ed25519@openssh.comx AA\n",
        "publickey ssh-rsa AA sk-ssh-ed25519@openssh.com\n",
        "publickeysk-ssh-ed25519@openssh.com AA\n", "PUBLICKEY sk-ssh-ed25519@openssh.com AA\n",
        "gssapi-with-mic publickey sk-ssh-ed25519@openssh.com AA\n"}) {
    const auto info = parse_ssh_auth_info(text);
    CHECK_TRUE_TEXT(info.has_value(), text);
    CHECK_FALSE_TEXT(has(info->methods, LoginMethod::SecurityKey), text);
  }
}

TEST(SshAuthInfoText, IsUnknownWhereItsReadingIsNotCertain) {
  for (const char* text :
       {"", "\n", "\n\n", " password\n", "password\n\n", "\npassword\n", "/pam\n", "publickey\n",
        "publickey \n", "publickey ssh-rsa\n", "publickey ssh-rsa \n", "publickey  AA\n",
        "publickey ssh-rsa A*A\n", "password\npublickey sk-ssh-ed25519@openssh.com\n"}) {
    CHECK_FALSE_TEXT(parse_ssh_auth_info(text).has_value(), text);
  }
}
