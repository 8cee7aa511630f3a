# Makefile
#	Builds github_sync, one library for both extensions, with PGXS; and is the
#	fence between the rooms of src/: each is compiled with only the include
#	paths that scripts/rooms.txt grants it, and scripts/check_rooms.sh refuses
#	the rest before the library is linked. Of the files of sql/ no script is
#	made before scripts/check_sql.sh has nothing to say against them.
#
# make, make install, make installcheck, make clean: as with any PGXS extension
# (PG_CONFIG=...), here or, by make -f THIS_FILE, in another directory.
# make check, check-long, monitoring, pictures, mutants, hour, many-databases, chaos, crash-rounds, bigimport, sweeps,
# scale, failover, bench, fuzz, fuzz-worker, demo, playground, format, map, render, sql-figures, matrix, pg-upgrade, deb,
# check-deb, dist: see CONTRIBUTING.md; they need neither pg_config nor anything installed when
# they start.

PG_CONFIG ?= pg_config
HARNESS = check check-long monitoring pictures mutants hour many-databases chaos crash-rounds bigimport sweeps scale failover bench fuzz fuzz-worker demo playground format map render sql-figures matrix pg-upgrade deb check-deb dist

# The top of the tree; "." unless the build is made elsewhere.
ROOT := $(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST))))
ifeq ($(abspath $(ROOT)),$(CURDIR))
ROOT := .
endif
SCRIPTS_DIR := $(ROOT)/scripts

ifneq (,$(filter $(HARNESS),$(MAKECMDGOALS)))

export PG_CONFIG STEPS TESTS TEST_USER JOBS HISTORIES SEED MUTANTS FILES
export FIGURES BENCH_RECORDS BENCH_REPEATS BENCH_BIG BENCH_KEEP
export SCALE_SECONDS SCALE_INSTALLATIONS SCALE_MOVES SCALE_SEED SCALE_RECORDS FAILOVER_ROUNDS FAILOVER_MODES FAILOVER_SEED
export CHAOS_SECONDS CHAOS_ROUNDS CHAOS_SEED CRASH_ROUNDS IMPORT_ISSUES IMPORT_KILLS SWEEP_DEEDS FUZZ_SECONDS FUZZ_SEED TARGETS SUITES CHROOTS

.PHONY: $(MAKECMDGOALS)
check:
	@$(SCRIPTS_DIR)/check.sh
check-long:
	@STEPS='gcc long_model mutants c_mutants sanitized_tap' $(SCRIPTS_DIR)/check.sh
	@STEPS='gcc tap' TESTS=long $(SCRIPTS_DIR)/check.sh
	@LOCKED_S=40 STEPS='gcc tap' TESTS=044_attacks_held $(SCRIPTS_DIR)/check.sh
	@STEPS='gcc monitoring' $(SCRIPTS_DIR)/check.sh
	@IMPORT_ISSUES=2500 IMPORT_KILLS=every $(SCRIPTS_DIR)/chaos.sh import
	@$(SCRIPTS_DIR)/chaos.sh sweeps
monitoring:
	@STEPS='gcc monitoring' $(SCRIPTS_DIR)/check.sh
pictures:
	@$(SCRIPTS_DIR)/pictures.sh
mutants:
	@STEPS='$(or $(STEPS),gcc mutants c_mutants)' $(SCRIPTS_DIR)/check.sh
hour:
	@FULL_HOUR=1 STEPS=tap TESTS=029_full_hour $(SCRIPTS_DIR)/check.sh
many-databases:
	@MANY_DATABASES=$(or $(MANY_DATABASES),500) MANY_WORKERS=$(or $(MANY_WORKERS),16) MANY_SECONDS=$(or $(MANY_SECONDS),60) \
		STEPS='gcc tap' TESTS=039_many_databases $(SCRIPTS_DIR)/check.sh
chaos:
	@$(SCRIPTS_DIR)/chaos.sh
crash-rounds:
	@$(SCRIPTS_DIR)/chaos.sh crashes
bigimport:
	@$(SCRIPTS_DIR)/chaos.sh import
sweeps:
	@$(SCRIPTS_DIR)/chaos.sh sweeps
scale:
	@$(SCRIPTS_DIR)/scale.sh
failover:
	@$(SCRIPTS_DIR)/failover.sh
bench:
	@$(SCRIPTS_DIR)/bench.sh
fuzz:
	@$(SCRIPTS_DIR)/fuzz.sh
fuzz-worker:
	@$(SCRIPTS_DIR)/fuzz_worker.sh
demo:
	@$(SCRIPTS_DIR)/demo.sh
playground:
	@$(SCRIPTS_DIR)/demo.sh --playground
map:
	@$(SCRIPTS_DIR)/map.sh --write
format:
	@$(SCRIPTS_DIR)/format.sh --write
matrix:
	@$(SCRIPTS_DIR)/matrix.sh
pg-upgrade:
	@$(SCRIPTS_DIR)/pg_upgrade.sh
deb:
	@$(SCRIPTS_DIR)/deb.sh
check-deb:
	@$(SCRIPTS_DIR)/check_deb.sh
dist:
	@$(SCRIPTS_DIR)/dist.sh
render:
	@$(SCRIPTS_DIR)/build_sql.sh --render "$(RECORD)" "$(FILE)"
sql-figures:
	@$(SCRIPTS_DIR)/check_sql.sh --figures

# Other goals of the same command line go to the other half of this file.
BUILD_GOALS = $(filter-out $(HARNESS),$(MAKECMDGOALS))
ifneq (,$(BUILD_GOALS))
$(BUILD_GOALS):
	@$(MAKE) -f $(firstword $(MAKEFILE_LIST)) $@
endif

else

EXTVERSION := $(shell $(SCRIPTS_DIR)/version.sh)
ifeq (,$(EXTVERSION))
$(error META.json does not say which version this is)
endif

MODULE_big = github_sync
EXTENSION = task_sync_transaction comment_sync_transaction
EXTENSION_SCRIPTS = $(EXTENSION:%=%--$(EXTVERSION).sql)
# From each release before this one.
RELEASES = $(filter-out $(EXTVERSION),$(shell sed '/^\#/d' $(ROOT)/sql/upgrade/releases.txt))
UPGRADE_SCRIPTS = $(foreach release,$(RELEASES),$(EXTENSION:%=%--$(release)--$(EXTVERSION).sql))
DATA_built = $(EXTENSION_SCRIPTS) $(UPGRADE_SCRIPTS)

# make installcheck: on a server of the caller's, with the settings of
# test/regress.conf. pg_regress looks for expected/ where it runs.
test_names = $(basename $(notdir $(sort $(wildcard $(ROOT)/test/$(1)))))
REGRESS = $(call test_names,sql/*.sql)
ISOLATION = $(call test_names,specs/*.spec)
REGRESS_OPTS = --inputdir=$(ROOT)/test --encoding=UTF8 --no-locale
ISOLATION_OPTS = $(REGRESS_OPTS) --outputdir=.
REGRESS_PREP = server-fits $(if $(filter .,$(ROOT)),,$(CURDIR)/expected)

# The room "extension" is that of the files directly in src/.
ROOMS := $(shell sed -n 's/^\([a-z]*\) includes .*/\1/p' $(SCRIPTS_DIR)/rooms.txt)
room_directory = $(if $(filter extension,$(1)),src,src/$(1))
room_objects = $(patsubst $(ROOT)/%.c,%.o,$(sort $(wildcard $(ROOT)/$(call room_directory,$(1))/*.c)))
OBJS = $(foreach room,$(ROOMS),$(call room_objects,$(room)))
ROOM_HEADERS = $(wildcard $(ROOT)/src/*.h $(ROOT)/src/*/*.h)

PG_CPPFLAGS = -DGITHUB_SYNC_VERSION='"$(EXTVERSION)"'
SHLIB_LINK = -lcurl -lcjson -lcrypto
# Nothing is exported but the entry points, with any compiler and PostgreSQL.
SHLIB_EXPORTS = src/exports.txt
# No bitcode for the JIT: what it would inline calls names that are not exported,
# and our functions are no inner loop of any query.
override with_llvm = no
# Makefile.shlib links only when these exist.
SHLIB_PREREQS = build/fence.ok

EXTRA_CLEAN = build src/exports.list $(wildcard $(EXTENSION:%=%--*.sql)) $(if $(filter .,$(ROOT)),,expected)

all:

# The pg_config of Debian's libpq-dev names a file that is not there.
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq (,$(wildcard $(PGXS)))
$(error $(PG_CONFIG) does not lead to the headers of a PostgreSQL server: install Debian's postgresql-server-dev-NN (scripts/install_packages.sh build), or set PG_CONFIG)
endif
include $(PGXS)

ifeq (,$(filter-out 8 9 10 11 12 13 14,$(firstword $(subst ., ,$(MAJORVERSION)))))
$(error github_sync needs PostgreSQL 15 or newer, and $(PG_CONFIG) belongs to PostgreSQL $(MAJORVERSION): set PG_CONFIG)
endif
# make would take what was built there for what is to be built here.
ifneq (,$(if $(filter .,$(ROOT)),,$(wildcard $(ROOT)/build)))
$(error a build elsewhere needs a clean source tree: run make clean in $(ROOT) first)
endif

# PostgreSQL was configured for gcc: clang does not know all of those flags.
ifneq (,$(findstring clang,$(CC)))
override CFLAGS += -Wno-unknown-warning-option -Wno-ignored-optimization-argument
endif

.DELETE_ON_ERROR:
.PHONY: fence sql-fence server-fits

# An extension's script is made of the pieces under sql/.
$(EXTENSION_SCRIPTS): build/sql.ok $(ROOT)/META.json
	$(SCRIPTS_DIR)/build_sql.sh $(EXTVERSION) $(@:%--$(EXTVERSION).sql=%) >$@

# EXTENSION--OLD--NEW.sql
$(UPGRADE_SCRIPTS): build/sql.ok $(ROOT)/META.json $(ROOT)/sql/upgrade/releases.txt \
		$(wildcard $(ROOT)/sql/upgrade/*/*.sql)
	$(SCRIPTS_DIR)/build_sql.sh --upgrade \
		$(word 2,$(subst --, ,$(@:.sql=))) $(EXTVERSION) $(firstword $(subst --, ,$@)) >$@

server-fits:
	@$(SCRIPTS_DIR)/check_server.sh '$(bindir)' $(EXTVERSION)

# In a build elsewhere its directory has to be made first.
src/exports.list: | build/include/extension/.made

# By its full name: by the short one make would find that of the tree.
$(CURDIR)/expected:
	ln -s $(abspath $(ROOT))/expected $@

# Before the first file is compiled.
build/libraries.ok: $(SCRIPTS_DIR)/check_libraries.sh
	@mkdir -p $(@D)
	@$(SCRIPTS_DIR)/check_libraries.sh $(CC) $(CPPFLAGS)
	@touch $@

# What C calls must be there as well.
sql-fence: build/sql.ok
	@echo "sql-fence: nothing in sql/ breaches the rules of scripts/check_sql.sh"
build/sql.ok: $(addprefix $(SCRIPTS_DIR)/,check_sql.sh check_sql.awk sql_rules.txt build_sql.sh) \
		$(ROOT)/sql/order.txt $(wildcard $(ROOT)/sql/*/*.sql $(ROOT)/src/*.c $(ROOT)/src/*/*.c)
	$(SCRIPTS_DIR)/check_sql.sh
	@mkdir -p $(@D) && touch $@

# What a room may include is said once, in scripts/rooms.txt.
may_include = $(shell sed -n 's/^$(1) includes //p' $(SCRIPTS_DIR)/rooms.txt)
grants_postgresql = $(filter postgresql,$(call may_include,$(1)))

# As system headers, so that -Wextra speaks of this project only.
SERVER_INCLUDES := $(patsubst -I%,-isystem %,$(filter-out -I. -I./ -I$(srcdir),$(filter -I%,$(CPPFLAGS))))
BARE_CPPFLAGS := $(filter-out -I%,$(CPPFLAGS))
room_cppflags = -Ibuild/include/$(1) $(BARE_CPPFLAGS) $(if $(call grants_postgresql,$(1)),$(SERVER_INCLUDES))

# A room's include root holds links to the rooms it may see, and nothing else.
build/include/%/.made: $(SCRIPTS_DIR)/rooms.txt
	@rm -rf $(@D) && mkdir -p $(@D) $(call room_directory,$*)
	@for room in $(filter-out extension,$(filter $(ROOMS),$(call may_include,$*))); do \
		ln -s $(if $(filter .,$(ROOT)),../../..,$(abspath $(ROOT)))/src/$$room $(@D)/$$room; done
	@touch $@

define room_rules
$(2): override CPPFLAGS := $(call room_cppflags,$(1))
$(2): build/include/$(1)/.made build/libraries.ok $(ROOM_HEADERS) $(ROOT)/META.json
endef
$(foreach room,$(ROOMS),$(if $(call room_objects,$(room)),\
	$(eval $(call room_rules,$(room),$(call room_objects,$(room))))))

# A folder that is no room's is looked at as well, for nothing in it is compiled.
strange_folders = $(filter-out $(foreach room,$(ROOMS),$(ROOT)/src/$(room)/.),$(wildcard $(ROOT)/src/*/. $(ROOT)/src/*/*/.))

fence: build/fence.ok
	@echo "fence: nothing in src/ breaches the rules of scripts/rooms.txt"
build/fence.ok: $(addprefix $(SCRIPTS_DIR)/,check_rooms.sh check_rooms.awk c_source.awk rooms.txt) \
		$(ROOM_HEADERS) $(strange_folders) $(OBJS)
	$(SCRIPTS_DIR)/check_rooms.sh $(OBJS)
	@touch $@

# Only now is there a library to look into.
all: build/exports.ok
build/exports.ok: $(SCRIPTS_DIR)/check_exports.sh $(ROOT)/src/exports.txt $(shlib) $(wildcard $(ROOT)/sql/*/*.sql)
	$(SCRIPTS_DIR)/check_exports.sh $(shlib)
	@touch $@

endif
