# The compilers and the very flags of all Makefiles of the native tests, and lines that try them: a
# compiler may be there without its runtimes. The tests ask these before they build anything
# (scripts/tools.ts): make -C native/test -f sanitizers.mk can-fuzz
CXX ?= g++
CLANG := clang++-19
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all
TSAN := -fsanitize=thread
FUZZER := -fsanitize=fuzzer
BLOCKS_LIBRARY := -lBlocksRuntime

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

# The next rule is the first of the Makefile that includes this one.
.DEFAULT_GOAL :=
