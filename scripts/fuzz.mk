# fuzz.mk
#	Builds each test/fuzz/fuzz_*.c with the pure rooms for libFuzzer, under the
#	address and undefined behaviour sanitizers.
#	From the root of the tree: make -f scripts/fuzz.mk; programs in build/fuzz/.

CC = clang
SANITIZERS = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
CFLAGS = -std=gnu11 -O1 -g -fno-omit-frame-pointer -Wall -Wextra -Werror $(SANITIZERS)
CPPFLAGS = -D_GNU_SOURCE -Isrc -Itest/fuzz -Itest/unit

TARGETS := $(patsubst test/fuzz/%.c,build/fuzz/%,$(wildcard test/fuzz/fuzz_*.c))
OBJECTS := $(patsubst src/%.c,build/fuzz/%.o,$(wildcard src/core/*.c))
HEADERS := $(wildcard src/core/*.h test/fuzz/*.h) test/unit/json_events.h

# What PostgreSQL makes of JSON, which fuzz_json compares with.
PG_CONFIG ?= pg_config
EVENTS := build/fuzz/json_events.o build/fuzz/json_events_postgres.o
POSTGRES_LDLIBS = -L$(shell $(PG_CONFIG) --pkglibdir) -L$(shell $(PG_CONFIG) --libdir) -lpgcommon -lpgport

all: $(TARGETS)

build/fuzz/%.o: src/%.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<

build/fuzz/json_events_postgres.o: CPPFLAGS += -isystem $(shell $(PG_CONFIG) --includedir-server)
$(EVENTS): build/fuzz/%.o: test/unit/%.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<

build/fuzz/fuzz_json: $(EVENTS)
build/fuzz/fuzz_json: LDLIBS = $(EVENTS) $(POSTGRES_LDLIBS)
$(TARGETS): build/fuzz/%: test/fuzz/%.c $(OBJECTS) $(HEADERS)
	$(CC) $(CFLAGS) -fsanitize=fuzzer $(CPPFLAGS) -o $@ $< $(OBJECTS) $(LDLIBS) -lcjson -lm

.PHONY: all
