# One make process sees the whole graph.  Each folder lists its sources in module.mk; only this
# file knows flags, tools and install paths.
B       ?= build
VERSION := 0.1.0

prefix       ?= /usr
sysconfdir   ?= /etc
pkgvar        = $(shell pkg-config --variable=$(1) $(2) 2>/dev/null)
multiarch    := $(shell gcc -print-multiarch 2>/dev/null)
pamdir       ?= $(prefix)/$(if $(multiarch),lib/$(multiarch),lib64)/security
unitdir      ?= $(or $(call pkgvar,systemdsystemunitdir,systemd),/lib/systemd/system)
sysusersdir  ?= $(or $(call pkgvar,sysusersdir,systemd),/usr/lib/sysusers.d)
tmpfilesdir  ?= $(or $(call pkgvar,tmpfilesdir,systemd),/usr/lib/tmpfiles.d)
bashdir      ?= $(prefix)/share/bash-completion/completions
zshdir       ?= $(prefix)/share/zsh/vendor-completions
fishdir      ?= $(prefix)/share/fish/vendor_completions.d
apparmordir  ?= $(sysconfdir)/apparmor.d
catalogdir   ?= $(prefix)/lib/systemd/catalog
udevdir      ?= $(or $(call pkgvar,udevdir,udev),/usr/lib/udev)
libexecdir   ?= $(prefix)/libexec/stepup
sudoplugindir ?= $(prefix)/libexec/sudo
mandir       ?= $(prefix)/share/man
docdir       ?= $(prefix)/share/doc/stepup

# ccache, where it is installed, makes the several builds (plain, sanitizers, coverage) share work.
ifeq ($(origin CXX),default)
CXX := $(if $(shell command -v ccache 2>/dev/null),ccache )g++
endif
# As dpkg-buildflags has it, so that ccache knows the calls of a package build; see packaging/debian/rules.
CXXFLAGS ?= -g -O2 -ffile-prefix-map=$(CURDIR)=.
STEPUP_CXXFLAGS := -std=c++23 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wformat=2 \
  -Wformat-security -Werror=format-security -Werror=switch -fPIC -fvisibility=hidden \
  -fstack-protector-strong -fstack-clash-protection $(if $(findstring x86_64,$(multiarch)),-fcf-protection)
STEPUP_CPPFLAGS := -I. -MMD -MP -DSTEPUP_VERSION='"$(VERSION)"'
# glibc refuses to be fortified without optimisation, and the sanitizers bring their own checks.
FORTIFY  ?= -D_FORTIFY_SOURCE=2
WERROR   ?= -Werror
# Each by itself, as blhc reads them.
STEPUP_LDFLAGS := -Wl,-z,relro -Wl,-z,now -Wl,-z,defs -Wl,-z,noexecstack
objs = $(patsubst %.cc,$(B)/obj/%.o,$(1))

include stepupd/base/module.mk stepupd/wire/module.mk stepupd/policy/module.mk \
  stepupd/rules/module.mk stepupd/session/module.mk stepupd/factor/module.mk \
  stepupd/store/module.mk stepupd/import/module.mk stepupd/fido2_helper/module.mk stepupd/daemon/module.mk stepupd/ctl/module.mk pam_stepup/module.mk sudo_approval/module.mk \
  tests/module.mk tests/fuzz/module.mk tests/mutate/module.mk

DAEMON_ALL := $(BASE_SRCS) $(WIRE_SRCS) $(POLICY_SRCS) $(RULES_SRCS) $(SESSION_SRCS) \
  $(FACTOR_SRCS) $(STORE_SRCS) $(IMPORT_SRCS) $(DAEMON_SRCS)
# Of session/, only what is pure: which login session is its own.
CTL_ALL    := $(BASE_SRCS) $(WIRE_SRCS) $(POLICY_SRCS) $(RULES_SRCS) $(CTL_SRCS) \
  stepupd/session/proc_text.cc stepupd/session/session_key.cc
HELPER_ALL := $(BASE_SRCS) $(WIRE_SRCS) $(FIDO2_HELPER_SRCS)
PAM_ALL    := $(BASE_SRCS) $(WIRE_SRCS) $(PAM_SRCS)
APPROVAL_ALL := $(BASE_SRCS) $(WIRE_SRCS) $(PAM_DIALOGUE_SRCS) $(APPROVAL_SRCS)
# Makes use of these.
include tests/bench/module.mk

DAEMON_LIBS := -lsystemd -lsqlite3 -lcrypto -lyubikey -lfido2 -lpthread
CTL_LIBS    := -lqrencode -lpam
HELPER_LIBS := -lfido2 -lseccomp -lpthread

all: $(B)/pam_stepup.so $(B)/stepup_approval.so $(B)/stepupd $(B)/stepup-fido2-helper $(B)/stepupctl
.DEFAULT_GOAL := all
.PHONY: all
.DELETE_ON_ERROR:

# The module lives inside sudo and sshd: it needs libpam and libc and nothing else.  nodelete: a
# host that unloads modules must not run code that is gone.  gc-sections: and nothing that the
# static libraries bring along unused is loaded into every sudo.
$(B)/pam_stepup.so: $(call objs,$(PAM_ALL)) pam_stepup/pam_stepup.map
	$(CXX) -shared $(STEPUP_LDFLAGS) $(LDFLAGS) -static-libstdc++ -static-libgcc \
	  -Wl,--version-script=pam_stepup/pam_stepup.map,--exclude-libs,ALL,-z,nodelete,--as-needed,--gc-sections \
	  -o $@ $(filter %.o,$^) -lpam

# The same for sudo's plugin, which needs libc and nothing else.
$(B)/stepup_approval.so: $(call objs,$(APPROVAL_ALL)) sudo_approval/stepup_approval.map
	$(CXX) -shared $(STEPUP_LDFLAGS) $(LDFLAGS) -static-libstdc++ -static-libgcc \
	  -Wl,--version-script=sudo_approval/stepup_approval.map,--exclude-libs,ALL,-z,nodelete,--as-needed,--gc-sections \
	  -o $@ $(filter %.o,$^)

$(B)/stepupd: $(call objs,$(DAEMON_ALL))
	$(CXX) $(STEPUP_LDFLAGS) $(LDFLAGS) -fPIE -pie -o $@ $^ $(DAEMON_LIBS)

# Only these sources may call libfido2's device functions; `make lint` checks it.
$(B)/stepup-fido2-helper: $(call objs,$(HELPER_ALL))
	$(CXX) $(STEPUP_LDFLAGS) $(LDFLAGS) -fPIE -pie -o $@ $^ $(HELPER_LIBS)

$(B)/stepupctl: $(call objs,$(CTL_ALL))
	$(CXX) $(STEPUP_LDFLAGS) $(LDFLAGS) -fPIE -pie -o $@ $^ $(CTL_LIBS)

$(B)/obj/%.o: %.cc
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CXX $<")
	$(if $(V),,@)$(CXX) $(STEPUP_CPPFLAGS) $(FORTIFY) $(CPPFLAGS) $(STEPUP_CXXFLAGS) $(WERROR) $(CXXFLAGS) -c -o $@ $<

# Every unit test in one binary: tests/unit/*_test.cc, and everything but main and the module's
# entry points.
$(B)/unit_tests: $(call objs,$(UNIT_TEST_SRCS) $(filter-out %/main.cc,$(sort $(DAEMON_ALL) $(CTL_ALL) $(PAM_ALL) $(APPROVAL_ALL) $(HELPER_ALL))))
	$(CXX) $(LDFLAGS) -o $@ $^ $(sort $(DAEMON_LIBS) $(CTL_LIBS) $(HELPER_LIBS)) -lpam $(shell pkg-config --libs cpputest)

# --- Tests ---------------------------------------------------------------------------------------
.PHONY: check check-unit check-integration check-system check-packages check-long lint format coverage asan tsan \
  setup check-itself demo demo-itself deps deb rpm install uninstall clean dist man

# check and demo do all their set-up by themselves.  A make of its own goes on, since compiler,
# pkg-config and ccache are looked up when make starts.
check demo: %: setup
	$(MAKE) $@-itself

setup:
	packaging/deps.sh --if-missing

check-itself: all check-unit check-properties check-integration lint

check-unit: $(B)/unit_tests
	$(B)/unit_tests

# Need root: a real daemon wants to drop it, and a real module asks for a root-owned socket.
check-integration: all $(B)/pam_module_test $(B)/pam_fault_test $(B)/ctl_dialogue_test
	B=$(B) tests/integration/run.sh

$(B)/pam_module_test: $(call objs,$(BASE_SRCS) $(WIRE_SRCS) $(PAM_MODULE_TEST_SRCS))
	$(CXX) $(LDFLAGS) -o $@ $^ -lpam -lpthread $(shell pkg-config --libs cpputest)

$(B)/pam_fault_test: $(call objs,$(BASE_SRCS) $(WIRE_SRCS) $(PAM_FAULT_TEST_SRCS))
	$(CXX) $(LDFLAGS) -Wl,--export-dynamic -o $@ $^ -lpam -lpthread $(shell pkg-config --libs cpputest)

$(B)/ctl_dialogue_test: $(call objs,$(BASE_SRCS) $(WIRE_SRCS) $(CTL_DIALOGUE_TEST_SRCS))
	$(CXX) $(LDFLAGS) -o $@ $^ -lpthread $(shell pkg-config --libs cpputest)

# Two of the checks ask stepupctl what it knows.
lint: $(B)/stepupctl
	tests/lint/run.sh $(B)

format:
	clang-format-19 -i $(shell git ls-files '*.cc' '*.h')

check-system: check-packages build/packages-bookworm build/read_command_lines
	/usr/bin/python3 tests/system/run.py

check-long: check-packages build/packages-bookworm build/packages-trixie build/read_command_lines
	TIDY_DEPTH=deep sh tests/lint/tidy.sh build
	/usr/bin/python3 tests/system/run.py --long
	/usr/bin/python3 tests/system/run.py --suite trixie

# What lintian, rpmlint and the like say of the packages.
check-packages: all build/packages-$(shell sed -n s/^VERSION_CODENAME=//p /etc/os-release) build/packages-rpm
	tests/packages/debian.sh
	tests/packages/rpm.sh
	tests/packages/uninstall.sh

demo-itself: build/packages-bookworm
	/usr/bin/python3 tests/system/demo.py

# The packages that the system tests install.  The unit tests of what is in them run in check.
# And of the version before: the latest tag, or, as long as nothing was released, a commit that speaks
# the same protocol as this one.
PREVIOUS ?= $(or $(shell git describe --tags --abbrev=0 --match 'v*' HEAD^ 2>/dev/null),4ce4bfe)
build/previous-packages-%: build/previous-%/of-$(PREVIOUS)
	touch $@
build/previous-%/of-$(PREVIOUS): packaging/debian/build_previous.sh
	packaging/debian/build_previous.sh $(PREVIOUS) $*
	touch $@

PACKAGED := $(shell find Makefile conf man packaging pam_stepup sudo_approval stepupd -type f)
build/packages-rpm: $(PACKAGED)
	packaging/rpm.sh build/rpms --without check
	touch $@

build/packages-%: $(PACKAGED)
	DEB_BUILD_OPTIONS="nocheck noautodbgsym" packaging/debian/build_in.sh $* build
	touch $@

# The same tests with the sanitizers in; objects of their own, since flags differ.  Their checks make
# gcc warn of what cannot happen, so a warning is no error here.
SANITIZED = CXXFLAGS="-O1 -g -fno-omit-frame-pointer $(1)" FORTIFY= WERROR= LDFLAGS="$(1)"
asan:
	$(MAKE) B=build/asan $(call SANITIZED,-fsanitize=address$(comma)undefined -fno-sanitize-recover=all) \
	  build/asan/unit_tests build/asan/stepupd build/asan/stepupctl
	build/asan/unit_tests
	ACTIVATED=1 B=build/asan tests/integration/run.sh --daemon-only

tsan:
	$(MAKE) B=build/tsan $(call SANITIZED,-fsanitize=thread) build/tsan/unit_tests build/tsan/stepupd build/tsan/stepupctl
	build/tsan/unit_tests
	ACTIVATED=1 B=build/tsan tests/integration/run.sh --daemon-only
comma := ,

coverage:
	$(MAKE) B=build/coverage CXXFLAGS="-O0 -g --coverage" FORTIFY= LDFLAGS=--coverage build/coverage/unit_tests
	find build/coverage -name '*.gcda' -delete
	build/coverage/unit_tests
	gcovr --root . --object-directory build/coverage --filter 'stepupd/(base|wire|policy|rules|session|factor|store)/' \
	  --filter 'pam_stepup/' --exclude-throw-branches --exclude-unreachable-branches --print-summary

# What building and testing needs, on Debian 12 and later (apt) or Fedora and EL (dnf); as root.
deps:
	packaging/deps.sh

# --- Packages ------------------------------------------------------------------------------------
# For the release of Debian that this host runs; deb-trixie builds them for that one.
deb:
	packaging/debian/build.sh dist

deb-%:
	packaging/debian/build_in.sh $* dist

rpm:
	packaging/rpm.sh dist

# --- Installing ----------------------------------------------------------------------------------
MAN_PAGES = $(wildcard man/*.[1-9])

install: all
	install -d $(DESTDIR)$(pamdir) $(DESTDIR)$(libexecdir) $(DESTDIR)$(prefix)/bin \
	  $(DESTDIR)$(unitdir) $(DESTDIR)$(sysusersdir) $(DESTDIR)$(tmpfilesdir) \
	  $(DESTDIR)$(sysconfdir)/stepup/stepupd.conf.d $(DESTDIR)$(sysconfdir)/stepup/credentials.d \
	  $(DESTDIR)$(docdir)/pam.d $(DESTDIR)$(docdir)/stepupd.conf.d $(DESTDIR)$(docdir)/credentials.d $(DESTDIR)$(docdir)/sshd_config.d $(DESTDIR)$(docdir)/ansible
	# By rename, since a running sudo may have the old file mapped.
	install -m 644 $(B)/pam_stepup.so $(DESTDIR)$(pamdir)/.pam_stepup.so.new
	mv -f $(DESTDIR)$(pamdir)/.pam_stepup.so.new $(DESTDIR)$(pamdir)/pam_stepup.so
	install -d $(DESTDIR)$(sudoplugindir)
	install -m 644 $(B)/stepup_approval.so $(DESTDIR)$(sudoplugindir)/.stepup_approval.so.new
	mv -f $(DESTDIR)$(sudoplugindir)/.stepup_approval.so.new $(DESTDIR)$(sudoplugindir)/stepup_approval.so
	install -m 755 $(B)/stepupd $(DESTDIR)$(libexecdir)/stepupd
	install -m 755 $(B)/stepup-fido2-helper $(DESTDIR)$(libexecdir)/stepup-fido2-helper
	install -m 755 $(B)/stepupctl $(DESTDIR)$(prefix)/bin/stepupctl
	install -m 644 packaging/systemd/*.* $(DESTDIR)$(unitdir)
	install -m 644 packaging/sysusers.d/stepup.conf $(DESTDIR)$(sysusersdir)/stepup.conf
	install -m 644 packaging/tmpfiles.d/stepup.conf $(DESTDIR)$(tmpfilesdir)/stepup.conf
	install -d $(DESTDIR)$(catalogdir)
	install -m 644 packaging/catalog/stepup.catalog $(DESTDIR)$(catalogdir)/stepup.catalog
	install -d $(DESTDIR)$(bashdir) $(DESTDIR)$(zshdir) $(DESTDIR)$(fishdir) $(DESTDIR)$(apparmordir)
	install -m 644 packaging/completions/stepupctl.bash $(DESTDIR)$(bashdir)/stepupctl
	install -m 644 packaging/completions/_stepupctl $(DESTDIR)$(zshdir)/_stepupctl
	install -m 644 packaging/completions/stepupctl.fish $(DESTDIR)$(fishdir)/stepupctl.fish
	install -m 644 packaging/apparmor/stepupd $(DESTDIR)$(apparmordir)/stepupd
	install -d $(DESTDIR)$(udevdir)/rules.d
	install -m 644 packaging/udev/70-stepup-fido2.rules $(DESTDIR)$(udevdir)/rules.d/70-stepup-fido2.rules
	# A conf file that is there is the administrator's.
	test -e $(DESTDIR)$(sysconfdir)/stepup/stepupd.conf || \
	  install -m 644 conf/stepupd.conf $(DESTDIR)$(sysconfdir)/stepup/stepupd.conf
	install -m 644 conf/pam.d/* $(DESTDIR)$(docdir)/pam.d
	install -m 644 conf/stepupd.conf.d/*.example $(DESTDIR)$(docdir)/stepupd.conf.d
	install -m 644 conf/credentials.d/*.example $(DESTDIR)$(docdir)/credentials.d
	install -m 644 conf/sshd_config.d/*.example $(DESTDIR)$(docdir)/sshd_config.d
	install -m 644 conf/ansible/*.example $(DESTDIR)$(docdir)/ansible
	for page in $(MAN_PAGES); do section=$${page##*.}; \
	  install -d $(DESTDIR)$(mandir)/man$$section; \
	  install -m 644 $$page $(DESTDIR)$(mandir)/man$$section/; done

# Refuses while a PAM stack or sudo's configuration names a module: sudo would refuse everybody.
uninstall:
	@lines=$$(grep -EHns '^[[:space:]]*([^#[:space:]].*)?pam_stepup' $(DESTDIR)$(sysconfdir)/pam.d/*; \
	  grep -EHns '^[[:space:]]*[^#[:space:]].*stepup_approval' $(DESTDIR)$(sysconfdir)/sudo.conf); \
	if [ -n "$$lines" ]; then \
	  echo "stepup stays, because without it these lines would refuse everybody:"; echo "$$lines"; \
	  echo 'Remove them by hand, or those of "stepupctl enable" with "stepupctl disable --all".'; exit 1; fi
	rm -f $(DESTDIR)$(pamdir)/pam_stepup.so $(DESTDIR)$(sudoplugindir)/stepup_approval.so $(DESTDIR)$(libexecdir)/stepupd \
	  $(DESTDIR)$(libexecdir)/stepup-fido2-helper $(DESTDIR)$(udevdir)/rules.d/70-stepup-fido2.rules \
	  $(DESTDIR)$(prefix)/bin/stepupctl $(addprefix $(DESTDIR)$(unitdir)/,$(notdir $(wildcard packaging/systemd/*))) \
	  $(DESTDIR)$(sysusersdir)/stepup.conf \
	  $(DESTDIR)$(tmpfilesdir)/stepup.conf $(DESTDIR)$(catalogdir)/stepup.catalog \
	  $(DESTDIR)$(bashdir)/stepupctl $(DESTDIR)$(zshdir)/_stepupctl $(DESTDIR)$(fishdir)/stepupctl.fish \
	  $(DESTDIR)$(apparmordir)/stepupd
	for page in $(notdir $(MAN_PAGES)); do rm -f $(DESTDIR)$(mandir)/man$${page##*.}/$$page; done
	rm -rf $(DESTDIR)$(libexecdir) $(DESTDIR)$(docdir)

dist:
	mkdir -p dist
	git archive --prefix=stepup-$(VERSION)/ -o dist/stepup-$(VERSION).tar.gz HEAD

clean:
	rm -rf build dist

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
