# Every parser of outside bytes under libFuzzer (clang): one target for each *_fuzz.cc, whose first
# lines state the property that it checks.
#
#   make fuzz SECONDS=60              each target that long, from the corpus in the tree
#   make fuzz FUZZ_ONLY=rules         one of them
#   make fuzz-regress                 each file of the corpora once
FUZZ_CXX     ?= clang++-19
FUZZ_TARGETS := $(patsubst tests/fuzz/%_fuzz.cc,%,$(sort $(wildcard tests/fuzz/*_fuzz.cc)))
FUZZ_ONLY    ?= $(FUZZ_TARGETS)
FUZZ_DIR     := build/fuzz
SECONDS      ?= 60
# What the targets need of the product; an archive, so that each links only what it uses.
FUZZ_PRODUCT := $(BASE_SRCS) $(WIRE_SRCS) $(POLICY_SRCS) $(RULES_SRCS) $(FACTOR_SRCS) \
  $(IMPORT_SRCS) \
  stepupd/session/proc_text.cc stepupd/session/session_key.cc stepupd/session/ssh_auth_info.cc \
  pam_stepup/outcome.cc pam_stepup/own_process.cc pam_stepup/request_builder.cc $(CTL_GRAMMAR) \
  stepupd/ctl/pam_edit.cc stepupd/ctl/pam_effect.cc stepupd/ctl/pam_stack.cc stepupd/ctl/replay.cc stepupd/ctl/report.cc \
  stepupd/ctl/time_text.cc stepupd/ctl/user_name.cc stepupd/daemon/request_facts.cc \
  stepupd/store/own_file.cc stepupd/store/seal.cc
FUZZ_FLAGS   := -std=c++23 -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all
fuzz_objs     = $(patsubst %.cc,$(FUZZ_DIR)/obj/%.o,$(1))

.PHONY: fuzz fuzz-regress fuzz-build
.SECONDARY: $(call fuzz_objs,$(patsubst %,tests/fuzz/%_fuzz.cc,$(FUZZ_TARGETS)))

fuzz-build: $(addprefix $(FUZZ_DIR)/,$(FUZZ_ONLY))

fuzz: fuzz-build
	tests/fuzz/run.sh $(SECONDS) $(FUZZ_ONLY)

fuzz-regress: fuzz-build
	tests/fuzz/run.sh 0 $(FUZZ_ONLY)

$(FUZZ_DIR)/%: $(FUZZ_DIR)/obj/tests/fuzz/%_fuzz.o $(FUZZ_DIR)/product.a
	$(FUZZ_CXX) -fsanitize=fuzzer,address,undefined -o $@ $^ -lcrypto -lyubikey -lfido2 -lpam

$(FUZZ_DIR)/product.a: $(call fuzz_objs,$(FUZZ_PRODUCT))
	rm -f $@
	ar rcs $@ $^

$(FUZZ_DIR)/obj/%.o: %.cc
	@mkdir -p $(@D)
	@echo "  FUZZ $<"
	@$(FUZZ_CXX) $(STEPUP_CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<

-include $(shell find $(FUZZ_DIR)/obj -name '*.d' 2>/dev/null)
