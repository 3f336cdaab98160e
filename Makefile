# One make process sees the whole graph.  Each folder lists its sources in module.mk; only this
# file knows flags, tools and install paths.
B       ?= build
VERSION := 0.1.0

prefix       ?= /usr
sysconfdir   ?= /etc
pkgvar        = $(shell pkg-config --variable=$(1) $(2) 2>/dev/null)
pamdir       ?= $(prefix)/lib/$(shell gcc -print-multiarch 2>/dev/null)/security
unitdir      ?= $(or $(call pkgvar,systemdsystemunitdir,systemd),/lib/systemd/system)
sysusersdir  ?= $(or $(call pkgvar,sysusersdir,systemd),/usr/lib/sysusers.d)
tmpfilesdir  ?= $(or $(call pkgvar,tmpfilesdir,systemd),/usr/lib/tmpfiles.d)
libexecdir   ?= $(prefix)/libexec/stepup
mandir       ?= $(prefix)/share/man
docdir       ?= $(prefix)/share/doc/stepup

CXXFLAGS ?= -O2 -g
STEPUP_CXXFLAGS := -std=c++23 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wformat=2 \
  -Wformat-security -Werror=format-security -Werror=switch -fPIC -fvisibility=hidden \
  -fstack-protector-strong -fstack-clash-protection -fcf-protection
STEPUP_CPPFLAGS := -I. -MMD -MP -DSTEPUP_VERSION='"$(VERSION)"'
# glibc refuses to be fortified without optimisation, and the sanitizers bring their own checks.
FORTIFY  ?= -D_FORTIFY_SOURCE=2
WERROR   ?= -Werror
STEPUP_LDFLAGS := -Wl,-z,relro,-z,now,-z,defs,-z,noexecstack
objs = $(patsubst %.cc,$(B)/obj/%.o,$(1))

include stepupd/base/module.mk stepupd/wire/module.mk stepupd/policy/module.mk \
  stepupd/rules/module.mk stepupd/session/module.mk stepupd/factor/module.mk \
  stepupd/store/module.mk stepupd/daemon/module.mk stepupd/ctl/module.mk pam_stepup/module.mk \
  tests/module.mk

DAEMON_ALL := $(BASE_SRCS) $(WIRE_SRCS) $(POLICY_SRCS) $(RULES_SRCS) $(SESSION_SRCS) \
  $(FACTOR_SRCS) $(STORE_SRCS) $(DAEMON_SRCS)
CTL_ALL    := $(BASE_SRCS) $(WIRE_SRCS) $(POLICY_SRCS) $(RULES_SRCS) $(CTL_SRCS)
PAM_ALL    := $(BASE_SRCS) $(WIRE_SRCS) $(PAM_SRCS)

DAEMON_LIBS := -lsystemd -lsqlite3 -lcrypto -lpthread
CTL_LIBS    := -lqrencode

all: $(B)/pam_stepup.so $(B)/stepupd $(B)/stepupctl
.DEFAULT_GOAL := all
.PHONY: all
.DELETE_ON_ERROR:

# The module lives inside sudo and sshd: it needs libpam and libc and nothing else.  nodelete: a
# host that unloads modules must not run code that is gone.
$(B)/pam_stepup.so: $(call objs,$(PAM_ALL)) pam_stepup/pam_stepup.map
	$(CXX) -shared $(STEPUP_LDFLAGS) $(LDFLAGS) -static-libstdc++ -static-libgcc \
	  -Wl,--version-script=pam_stepup/pam_stepup.map,--exclude-libs,ALL,-z,nodelete,--as-needed \
	  -o $@ $(filter %.o,$^) -lpam

$(B)/stepupd: $(call objs,$(DAEMON_ALL))
	$(CXX) $(STEPUP_LDFLAGS) $(LDFLAGS) -pie -o $@ $^ $(DAEMON_LIBS)

$(B)/stepupctl: $(call objs,$(CTL_ALL))
	$(CXX) $(STEPUP_LDFLAGS) $(LDFLAGS) -pie -o $@ $^ $(CTL_LIBS)

$(B)/obj/%.o: %.cc
	@mkdir -p $(@D)
	$(CXX) $(STEPUP_CPPFLAGS) $(FORTIFY) $(CPPFLAGS) $(STEPUP_CXXFLAGS) $(WERROR) $(CXXFLAGS) -c -o $@ $<

# Every unit test in one binary: tests/unit/*_test.cc, and everything but main and the module's
# entry points.
$(B)/unit_tests: $(call objs,$(UNIT_TEST_SRCS) $(filter-out %/main.cc,$(sort $(DAEMON_ALL) $(CTL_ALL) $(PAM_ALL))))
	$(CXX) $(LDFLAGS) -o $@ $^ $(DAEMON_LIBS) $(CTL_LIBS) -lpam $(shell pkg-config --libs cpputest)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
