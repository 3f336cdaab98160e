WIRE_SRCS := stepupd/wire/client.cc stepupd/wire/codec.cc stepupd/wire/packet.cc \
  stepupd/wire/request_table.cc stepupd/wire/seqpacket.cc stepupd/wire/words.cc
