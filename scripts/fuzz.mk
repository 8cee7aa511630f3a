# fuzz.mk
#	Builds each test/fuzz/fuzz_*.c with the pure rooms for libFuzzer, under the
#	address and undefined behaviour sanitizers.
#	From the root of the tree: make -f scripts/fuzz.mk; programs in build/fuzz/.

CC = clang
SANITIZERS = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
CFLAGS = -std=gnu11 -O1 -g -fno-omit-frame-pointer -Wall -Wextra -Werror $(SANITIZERS)
CPPFLAGS = -D_GNU_SOURCE -Isrc -Itest/fuzz

TARGETS := $(patsubst test/fuzz/%.c,build/fuzz/%,$(wildcard test/fuzz/fuzz_*.c))
OBJECTS := $(patsubst src/%.c,build/fuzz/%.o,$(wildcard src/core/*.c))
HEADERS := $(wildcard src/core/*.h test/fuzz/*.h)

all: $(TARGETS)

build/fuzz/%.o: src/%.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<

$(TARGETS): build/fuzz/%: test/fuzz/%.c $(OBJECTS) $(HEADERS)
	$(CC) $(CFLAGS) -fsanitize=fuzzer $(CPPFLAGS) -o $@ $< $(OBJECTS) -lcjson -lm

.PHONY: all
