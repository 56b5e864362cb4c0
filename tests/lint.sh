#!/usr/bin/env bash
# Style and static checks, as CI runs them: tests/lint.sh BUILD_DIRECTORY
# (a build made with clang; its compile_commands.json is what is checked).
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "$0")/.."

mapfile -t sources < <(git ls-files 'src/*.c' 'tests/*.c')
mapfile -t headers < <(git ls-files 'src/*.h' 'tests/*.h')
clang-format --dry-run -Werror "${sources[@]}" "${headers[@]}"
git ls-files 'src/*.c' |
    xargs -P 2 -n 8 clang-tidy -p "$build" --quiet 2>/dev/null
cppcheck --enable=warning,performance,portability --std=c11 -j 2 --quiet \
    --inline-suppr --error-exitcode=1 -D_GNU_SOURCE -I src src
bash -n samples/*.sh tests/*.sh tests/*/*.sh .ci/run
node --check src/report/page.js
echo "lint: clean"
