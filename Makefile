# Makefile
#	Builds github_sync, one library for both extensions, with PGXS; and is the
#	fence between the rooms of src/: each is compiled with only the include
#	paths that scripts/rooms.txt grants it, and scripts/check_rooms.sh refuses
#	the rest before the library is linked. Of the files of sql/ no script is
#	made before scripts/check_sql.sh has nothing to say against them.
#
# make, make install, make clean: as with any PGXS extension (PG_CONFIG=...).
# make check, check-long, mutants, hour, chaos, crash-rounds, fuzz, demo,
# playground, format, render, sql-figures: see CONTRIBUTING.md; they need
# neither pg_config nor anything installed when they start.

PG_CONFIG ?= pg_config
HARNESS = check check-long mutants hour chaos crash-rounds fuzz demo playground format render sql-figures

ifneq (,$(filter $(HARNESS),$(MAKECMDGOALS)))

export PG_CONFIG STEPS TESTS TEST_USER JOBS HISTORIES SEED
export CHAOS_SECONDS CHAOS_ROUNDS CHAOS_SEED CRASH_ROUNDS FUZZ_SECONDS TARGETS

.PHONY: $(MAKECMDGOALS)
check:
	@scripts/check.sh
check-long:
	@STEPS='gcc long_model mutants' scripts/check.sh
mutants:
	@STEPS='gcc mutants' scripts/check.sh
hour:
	@FULL_HOUR=1 STEPS=tap TESTS=029_full_hour scripts/check.sh
chaos:
	@scripts/chaos.sh
crash-rounds:
	@scripts/chaos.sh crashes
fuzz:
	@scripts/fuzz.sh
demo:
	@scripts/demo.sh
playground:
	@scripts/demo.sh --playground
format:
	@scripts/format.sh --write
render:
	@scripts/build_sql.sh --render "$(RECORD)" "$(FILE)"
sql-figures:
	@scripts/check_sql.sh --figures

# Other goals of the same command line go to the other half of this file.
BUILD_GOALS = $(filter-out $(HARNESS),$(MAKECMDGOALS))
ifneq (,$(BUILD_GOALS))
$(BUILD_GOALS):
	@$(MAKE) $@
endif

else

EXTVERSION := $(shell scripts/version.sh)
ifeq (,$(EXTVERSION))
$(error META.json does not say which version this is)
endif

MODULE_big = github_sync
EXTENSION = task_sync_transaction comment_sync_transaction
EXTENSION_SCRIPTS = $(EXTENSION:%=%--$(EXTVERSION).sql)
DATA = $(wildcard sql/upgrade/*--*--*.sql)
DATA_built = $(EXTENSION_SCRIPTS)

# The room "extension" is that of the files directly in src/.
ROOMS = core crypto http db server worker extension
room_directory = $(if $(filter extension,$(1)),src,src/$(1))
room_objects = $(patsubst %.c,%.o,$(sort $(wildcard $(call room_directory,$(1))/*.c)))
OBJS = $(foreach room,$(ROOMS),$(call room_objects,$(room)))
ROOM_HEADERS = $(wildcard src/*.h src/*/*.h)

PG_CPPFLAGS = -DGITHUB_SYNC_VERSION='"$(EXTVERSION)"'
SHLIB_LINK = -lcurl -lcjson -lcrypto
SHLIB_EXPORTS = src/exports.txt
# Makefile.shlib links only when these exist.
SHLIB_PREREQS = build/fence.ok

EXTRA_CLEAN = build src/exports.list $(EXTENSION:%=%.control) $(wildcard $(EXTENSION:%=%--*.sql))

all:

PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq (,$(PGXS))
$(error $(PG_CONFIG) does not work: install the PostgreSQL server headers (scripts/install_packages.sh build) or set PG_CONFIG)
endif
include $(PGXS)

# PostgreSQL was configured for gcc: clang does not know all of those flags.
ifneq (,$(findstring clang,$(CC)))
override CFLAGS += -Wno-unknown-warning-option -Wno-ignored-optimization-argument
endif

.DELETE_ON_ERROR:
.PHONY: fence sql-fence

%.control: %.control.in META.json
	sed 's/@VERSION@/$(EXTVERSION)/' $< >$@

# An extension's script is made of the pieces under sql/.
$(EXTENSION_SCRIPTS): build/sql.ok META.json
	scripts/build_sql.sh $(EXTVERSION) $(@:%--$(EXTVERSION).sql=%) >$@

# What C calls must be there as well.
sql-fence: build/sql.ok
build/sql.ok: scripts/check_sql.sh scripts/check_sql.awk scripts/sql_rules.txt scripts/build_sql.sh \
		sql/order.txt $(wildcard sql/*/*.sql) $(wildcard src/*.c src/*/*.c)
	scripts/check_sql.sh
	@mkdir -p $(@D) && touch $@

# What a room may include is said once, in scripts/rooms.txt.
may_include = $(shell sed -n 's/^$(1) includes //p' scripts/rooms.txt)
grants_postgresql = $(filter postgresql,$(call may_include,$(1)))

# As system headers, so that -Wextra speaks of this project only.
SERVER_INCLUDES := $(patsubst -I%,-isystem %,$(filter-out -I. -I./ -I$(srcdir),$(filter -I%,$(CPPFLAGS))))
BARE_CPPFLAGS := $(filter-out -I%,$(CPPFLAGS))
# What knows no PostgreSQL exports nothing: the server shares one name space
# among all libraries (from PostgreSQL 16 on, this is the default for all rooms).
room_cppflags = -Ibuild/include/$(1) $(BARE_CPPFLAGS) \
	$(if $(call grants_postgresql,$(1)),$(SERVER_INCLUDES),-fvisibility=hidden)

# A room's include root holds links to the rooms it may see, and nothing else.
build/include/%/.made: scripts/rooms.txt
	@rm -rf $(@D) && mkdir -p $(@D)
	@for room in $(filter-out extension,$(filter $(ROOMS),$(call may_include,$*))); do \
		ln -s ../../../src/$$room $(@D)/$$room; done
	@touch $@

define room_rules
$(2) $(2:.o=.bc): override CPPFLAGS := $(call room_cppflags,$(1))
$(2) $(2:.o=.bc): build/include/$(1)/.made $(ROOM_HEADERS) META.json
endef
$(foreach room,$(ROOMS),$(if $(call room_objects,$(room)),\
	$(eval $(call room_rules,$(room),$(call room_objects,$(room))))))

fence: build/fence.ok
build/fence.ok: scripts/check_rooms.sh scripts/rooms.txt $(ROOM_HEADERS) $(OBJS)
	scripts/check_rooms.sh $(OBJS)
	@touch $@

endif
