WIRE_SRCS := stepupd/wire/client.cc stepupd/wire/codec.cc stepupd/wire/module_options.cc stepupd/wire/packet.cc \
  stepupd/wire/request_table.cc stepupd/wire/seqpacket.cc stepupd/wire/words.cc \
  stepupd/wire/words_de.cc stepupd/wire/words_en.cc stepupd/wire/words_fr.cc
