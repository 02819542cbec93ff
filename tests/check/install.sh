#!/bin/bash
# What is installed can be used: the README's example, compiled outside the tree with pkg-config and
# with CMake, calls through the registrar. So does a program in C that uses libuv itself, and a world
# of tern-sim comes into being. The installed tree is moved first, so nothing in it may remember
# where it was built.
set -euo pipefail
work=$(mktemp -d)
started=()

finish() {
    local pid
    for pid in "${started[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap finish EXIT

fail() {
    echo "install: $*" >&2
    tail -n 40 "$work"/*.log >&2
    exit 1
}

# quietly NAME COMMAND…: its output matters only if it fails.
quietly() {
    local name=$1
    shift
    "$@" >"$work/$name.log" 2>&1 || fail "$name failed"
}

# start NAME PROGRAM [ARGS…]: in the background.
start() {
    local name=$1
    shift
    "$@" >"$work/$name.log" 2>&1 &
    started+=("$!")
}

# await NAME COUNT PATTERN: until so many lines of its output match, for ten seconds.
await() {
    local i count
    for ((i = 0; i < 100; i++)); do
        count=$(grep -c -- "$3" "$work/$1.log" 2>/dev/null) || true
        ((${count:-0} >= $2)) && return 0
        sleep 0.1
    done
    fail "$1 never said '$3'"
}

# place_call NAME PROGRAM COUNT: it calls, the far end hears of its call number COUNT, Enter ends it.
place_call() {
    local status=0
    mkfifo "$work/$1.in"
    "$2" "sip:alice@$server" secret "sip:$server" "sip:bob@$server" \
        <"$work/$1.in" >"$work/$1.log" 2>&1 &
    started+=("$!")
    exec 9>"$work/$1.in"
    await answer "$3" 'call from sip:alice@'
    echo >&9
    exec 9>&-
    wait "${started[-1]}" || status=$?
    ((status == 0)) || fail "$1: exit status $status"
}

# ---- install, and move ----

quietly install cmake --install "$TERN_BUILD" --prefix "$work/first"
mv "$work/first" "$work/prefix"
PKG_CONFIG_PATH=$(find "$work/prefix" -type d -name pkgconfig)
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export PKG_CONFIG_PATH LD_LIBRARY_PATH
quietly version "$work/prefix/bin/tern" --version
[[ -e $work/prefix/share/man/man1/tern-lab.1 ]] || fail 'no man pages'

# Libraries with sanitizers ask the same of what links them.
if grep -q '^TERN_SANITIZE:BOOL=ON' "$TERN_BUILD/CMakeCache.txt"; then
    export CFLAGS='-fsanitize=address,undefined' CXXFLAGS='-fsanitize=address,undefined'
fi

# ---- build the example as the README says ----

mkdir "$work/app"
sed -n '/^```cpp$/,/^```$/p' "$TERN_SOURCE/README.md" | sed '/^```/d' >"$work/app/call.cpp"
sed -n '/^```cmake$/,/^```$/p' "$TERN_SOURCE/README.md" | sed '/^```/d' >"$work/app/lines.cmake"
[[ -s $work/app/call.cpp && -s $work/app/lines.cmake ]] || fail 'the README has lost its example'
cat >"$work/app/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(call CXX)
set(CMAKE_CXX_STANDARD 17)
add_executable(call call.cpp)
include(lines.cmake)
CMAKE
read -ra flags <<<"$(pkg-config --cflags --libs tern-uv tern-audio)"
read -ra cxxflags <<<"${CXXFLAGS-}"
quietly compile "${CXX:-c++}" -std=c++17 -Wall -Wextra -Werror "${cxxflags[@]}" \
    "$work/app/call.cpp" "${flags[@]}" -o "$work/app/call"
quietly configure cmake -S "$work/app" -B "$work/app/build" "-DCMAKE_PREFIX_PATH=$work/prefix"
quietly build cmake --build "$work/app/build"

# ---- and in C ----

mkdir "$work/c"
cp "$TERN_SOURCE/examples/03_call.c" "$work/c/call.c"
cat >"$work/c/world.c" <<'C'
#include <tern/sim.h>

int main(void)
{
    struct tern_sim_opts opts;
    struct tern_sim *sim;
    tern_sim_opts_init(&opts);
    if (tern_sim_new(&opts, &sim) != 0) return 1;
    tern_sim_free(sim);
    return 0;
}
C
cat >"$work/c/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(call C)
find_package(tern 0.1 REQUIRED)
add_executable(call call.c)
target_link_libraries(call PRIVATE tern::uv tern::audio)
add_executable(world world.c)
target_link_libraries(world PRIVATE tern::sim)
CMAKE
read -ra flags <<<"$(pkg-config --cflags --libs tern-sim)"
read -ra cflags <<<"${CFLAGS-}"
quietly compile_c "${CC:-cc}" -std=c11 -Wall -Wextra -Werror "${cflags[@]}" \
    "$work/c/world.c" "${flags[@]}" -o "$work/c/world"
quietly configure_c cmake -S "$work/c" -B "$work/c/build" "-DCMAKE_PREFIX_PATH=$work/prefix"
quietly build_c cmake --build "$work/c/build"
quietly world "$work/c/world"
quietly world_cmake "$work/c/build/world"

# ---- and call ----

start registrar "$TERN_BUILD/examples/07_registrar" 0 alice:secret bob:secret
await registrar 1 'listening on port'
server=127.0.0.1:$(sed -n 's/^listening on port //p' "$work/registrar.log")
start answer "$TERN_BUILD/examples/04_answer" "sip:bob@$server" secret "sip:$server"
await answer 1 '^registered'
place_call pkgconfig "$work/app/call" 1
place_call cmake "$work/app/build/call" 2
quietly call_c "$work/c/build/call" "sip:alice@$server" secret "sip:bob@$server" 1
echo 'the README example and one in C build with pkg-config and with CMake, and call'
