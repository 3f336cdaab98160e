RULES_SRCS := stepupd/rules/bundle.cc stepupd/rules/check.cc stepupd/rules/credential_files.cc stepupd/rules/describe.cc stepupd/rules/document.cc \
  stepupd/rules/duration.cc stepupd/rules/host_tags.cc stepupd/rules/keys.cc stepupd/rules/login_method.cc stepupd/rules/node_reader.cc \
  stepupd/rules/parse.cc stepupd/rules/read.cc stepupd/rules/read_rule.cc stepupd/rules/resolve.cc stepupd/rules/safe_program.cc stepupd/rules/advice.cc stepupd/rules/settings.cc \
  stepupd/rules/text_form.cc stepupd/rules/trusted_dir.cc stepupd/rules/zone_files.cc $(ACCOUNTS)
