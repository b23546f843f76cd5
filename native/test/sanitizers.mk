# The compilers and the very flags of all Makefiles of the native tests, and lines that try them: a
# compiler may be there without its runtimes. The tests ask these before they build anything
# (scripts/tools.ts): make -C native/test -f sanitizers.mk can-fuzz
CLANG := clang++-19
# clang compiles the tests in half the time (wire_test.cc in 2.5 s of a processor, g++ in 4.9), so it does where it has its
# runtimes and nobody says otherwise. libstdc++ 12's stable_sort uses what it calls deprecated.
ifeq ($(origin CXX),default)
CXX := $(if $(shell it=$$(mktemp); for one in address,undefined thread; do \
  echo 'int main() {}' | $(CLANG) -fsanitize=$$one -x c++ - -o "$$it" 2>&1 || echo not there; \
  done; rm -f "$$it"),g++,$(CLANG) -Wno-deprecated-declarations)
# Changes when another compiler is there than before: objects of two do not go together.
COMPILER := $(dir $(lastword $(MAKEFILE_LIST)))build/compiler
ifeq ($(filter can-%,$(MAKECMDGOALS)),)
$(shell mkdir -p $(dir $(COMPILER)); echo '$(CXX)' | cmp -s - $(COMPILER) || echo '$(CXX)' >$(COMPILER))
endif
endif
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all
TSAN := -fsanitize=thread
FUZZER := -fsanitize=fuzzer
BLOCKS_LIBRARY := -lBlocksRuntime

# Compiles all .cc files that a target depends on as one, by $(1): most of what compiling costs is to read the same headers
# (34 files of the Linux sensor took 76 s of a processor, each by itself).
TOGETHER = @mkdir -p $(@D) && printf '\#include "%s"\n' $(filter %.cc,$^) | $(1) -x c++ -c - -o $@

# Compiles the tests of $(1), their names, as one and as they stand, with $(2): the filter's nine take 8 s of a processor so,
# and 45 s each by itself. Each is run by its own name, which is another of the one program's file (NAMED).
HERE := $(dir $(lastword $(MAKEFILE_LIST)))
AS_ONE = @mkdir -p $(@D) && sh $(HERE)as_one.sh $(1) | $(2:-O1=-O0) -x c++ -c - -o $@
NAMED = ln -f $< $@
# The suite of every source, without its ending.
SUITE := $(HERE)build/source_suite

# Tests are compiled as they stand: optimizing what runs once took longer than it can save (ledger_test.cc 15 s of a
# processor, and 8.5 s so). HOT are those that run for long.
PLAINLY = $(if $(filter $(HOT),$*),$(FLAGS),$(FLAGS:-O1=-O0))

# Silent when $(1), the compiler with its flags, builds the source and the program runs with $(2).
TRY = folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
  $(1) -std=c++20 $< -o "$$folder/it" $(LIBRARY) -lpthread && \
  if ! "$$folder/it" $(2) >"$$folder/said" 2>&1; then cat "$$folder/said"; exit 1; fi

can-asan: can/plain.cc
	@$(call TRY,$(CXX) $(ASAN))
can-tsan: can/plain.cc
	@$(call TRY,$(CXX) $(TSAN))
can-fuzz: can/fuzzer.cc
	@$(call TRY,$(CLANG) $(ASAN) $(FUZZER),-runs=1)
can-blocks-asan can-blocks-tsan: LIBRARY := $(BLOCKS_LIBRARY)
can-blocks-asan: can/blocks.cc
	@$(call TRY,$(CLANG) -fblocks $(ASAN))
can-blocks-tsan: can/blocks.cc
	@$(call TRY,$(CLANG) -fblocks $(TSAN))
.PHONY: can-asan can-tsan can-fuzz can-blocks-asan can-blocks-tsan

$(SUITE).asan.o: $(HERE)source_suite.cc $(wildcard $(HERE)*.h $(HERE)../*.h) $(HERE)../record.def $(COMPILER)
	@mkdir -p $(@D)
	$(CXX) $(FLAGS) $(ASAN) -c $< -o $@
$(SUITE).tsan.o: $(HERE)source_suite.cc $(wildcard $(HERE)*.h $(HERE)../*.h) $(HERE)../record.def $(COMPILER)
	@mkdir -p $(@D)
	$(CXX) $(FLAGS) $(TSAN) -c $< -o $@

# The next rule is the first of the Makefile that includes this one.
.DEFAULT_GOAL :=
