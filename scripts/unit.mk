# unit.mk
#	Builds each test/unit/test_*.c, with the helpers beside it and the rooms that
#	know no PostgreSQL, under the address and undefined behaviour sanitizers.
#	From the root of the tree: make -f scripts/unit.mk; programs in build/unit/.

SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS = -std=gnu11 -O1 -g -fno-omit-frame-pointer -Wall -Wextra -Werror $(SANITIZERS)
CPPFLAGS = -D_GNU_SOURCE -DGITHUB_SYNC_VERSION='"$(shell scripts/version.sh)"' \
	-Isrc -Itest/unit
LDLIBS = -lcurl -lcjson -lcrypto -lpthread -lm

TESTS := $(patsubst %.c,build/unit/%,$(notdir $(wildcard test/unit/test_*.c)))
HELPERS := $(filter-out test/unit/test_%.c,$(wildcard test/unit/*.c))
SOURCES := $(wildcard src/core/*.c src/crypto/*.c src/http/*.c) $(HELPERS)
OBJECTS := $(SOURCES:%.c=build/unit/%.o)
HEADERS := $(wildcard src/*/*.h test/unit/*.h)

all: $(TESTS)

# An archive, so that a test is linked with what it uses only.
build/unit/rooms.a: $(OBJECTS)
	rm -f $@
	ar rcs $@ $(OBJECTS)

build/unit/%.o: %.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<

$(TESTS): build/unit/%: test/unit/%.c build/unit/rooms.a $(HEADERS)
	$(CC) $(CFLAGS) $(CPPFLAGS) -o $@ $< build/unit/rooms.a $(LDLIBS)

.PHONY: all
