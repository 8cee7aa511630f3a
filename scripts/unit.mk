# unit.mk
#	Builds each test/unit/test_*.c, with the helpers beside it and the rooms that
#	know no PostgreSQL, under the address and undefined behaviour sanitizers.
#	From the root of the tree: make -f scripts/unit.mk; programs in build/unit/.

SANITIZERS = -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS = -std=gnu11 -O1 -g -fno-omit-frame-pointer -Wall -Wextra -Werror $(SANITIZERS)
CPPFLAGS = -D_GNU_SOURCE -DGITHUB_SYNC_VERSION='"$(shell scripts/version.sh)"' \
	-Isrc -Itest/unit
LDLIBS = -lcurl -lcjson -lssl -lcrypto -lpthread -lm

# Of PostgreSQL, its JSON parser alone: what ours is compared with.
PG_CONFIG ?= pg_config
POSTGRES_CPPFLAGS = -isystem $(shell $(PG_CONFIG) --includedir-server)
POSTGRES_LDLIBS = -L$(shell $(PG_CONFIG) --pkglibdir) -L$(shell $(PG_CONFIG) --libdir) -lpgcommon -lpgport

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

build/unit/test/unit/json_events_postgres.o: CPPFLAGS += $(POSTGRES_CPPFLAGS)
build/unit/test_core_memory: LDLIBS += -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=strdup
build/unit/test_crypto_memory: LDLIBS += -Wl,--wrap=malloc -Wl,--wrap=free
build/unit/test_http_exchange: LDLIBS += -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=curl_slist_append -Wl,--wrap=curl_slist_free_all -Wl,--wrap=curl_easy_setopt -Wl,--wrap=curl_easy_getinfo
build/unit/test_http_client: LDLIBS += -Wl,--wrap=curl_multi_setopt
build/unit/test_http_settings: LDLIBS += -Wl,--wrap=curl_easy_setopt -Wl,--wrap=curl_version_info -Wl,--wrap=strdup -Wl,--wrap=free
build/unit/test_core_token: LDLIBS += -Wl,--wrap=free
build/unit/test_core_json_parsers: LDLIBS += $(POSTGRES_LDLIBS)

build/unit/%.o: %.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CPPFLAGS) -c -o $@ $<

$(TESTS): build/unit/%: test/unit/%.c build/unit/rooms.a $(HEADERS)
	$(CC) $(CFLAGS) $(CPPFLAGS) -o $@ $< build/unit/rooms.a $(LDLIBS)

.PHONY: all
