# Shared by the scripts beside it: where things go, and how they speak. Sourced, never run.
set -euo pipefail

llama_release=0.3.36
llama_sha256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
smollm2_release=0.1.2
smollm2_sha256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70

cache=${XDG_CACHE_HOME:-$HOME/.cache}/headgate

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

# One set-up at a time per user: two checkouts share the cache.
lock_cache() {
    mkdir -p "$cache" || die "cannot create $cache; set XDG_CACHE_HOME to a folder you can write to"
    exec 9>"$cache/lock"
    flock -n 9 || { say "waiting for another set-up of this user to finish"; flock 9; }
}

# A work folder beside its destination, so that the final rename is atomic; removed whatever happens.
make_work_folder() {
    work=$(mktemp -d "$cache/unfinished.XXXXXX") || die "cannot write to $cache"
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM HUP
}

# need_space MEBIBYTES WHAT: refuses early rather than failing halfway through a build.
need_space() {
    local free
    free=$(df -Pm "$cache" | awk 'NR == 2 { print $4 }')
    ((free >= $1)) || die "$2 needs $1 MiB in $cache, and $free MiB are free; free some, or set XDG_CACHE_HOME"
}

# fetch PACKAGE VERSION KIND FILE SHA256: leaves a checked FILE in the work folder. pip does the fetching, so
# that an index or a proxy which the user configured for it is honoured.
fetch() {
    local package=$1 version=$2 kind=$3 file=$4 sha256=$5 selection
    if [[ $kind == source ]]; then selection="--no-binary=$package"; else selection="--only-binary=$package"; fi
    say "fetching $package $version with pip"
    # The hash goes to pip as well, for it runs a source release's own build script to read its metadata.
    echo "$package==$version --hash=sha256:$sha256" >"$work/requirements.txt"
    python3 -m pip download -q --disable-pip-version-check --no-deps "$selection" --require-hashes \
        --timeout 30 --retries 2 -d "$work" -r "$work/requirements.txt" >"$work/pip.log" 2>&1 || {
        tail -n 5 "$work/pip.log" >&2
        die "pip could not download $package $version; check the network (or pip's index and proxy settings)" \
            "and try again. Nothing was changed."
    }
    [[ -f $work/$file ]] || die "pip downloaded $package $version but not the expected file $file"
    echo "$sha256  $work/$file" | sha256sum --check --status || die "the download $file is corrupted:" \
        "its SHA-256 is $(sha256sum "$work/$file" | cut -c1-64), not $sha256. It was discarded; try again."
}

# unpack_llama: the parts of the fetched release that a build reads, without 150 MB of test data and pages.
llama_source=llama_cpp_python-$llama_release/vendor/llama.cpp
unpack_llama() {
    tar -xzf "$work/llama_cpp_python-$llama_release.tar.gz" -C "$work" \
        --exclude="$llama_source"/{docs,models,benches,media,gguf-py,conversion,app,tools/ui}"/*" "$llama_source"
}

# As many compilers as there are cores, but no more than memory holds at 1.2 GiB each, the most that one
# llama.cpp source file was seen to need.
compiler_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable/ { print int($2 / 1258291) }' /proc/meminfo)
    ((memory < 1)) && memory=1
    echo $((cores < memory ? cores : memory))
}

# The build flags, and the folder whose name tells them and the CPU apart. A library tuned for one CPU may
# crash on another, and home folders travel between machines.
llama_flags=(
    -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON
    -DGGML_NATIVE=ON -DGGML_OPENMP=OFF -DGGML_CCACHE=OFF -DLLAMA_OPENSSL=OFF
    -DLLAMA_BUILD_COMMON=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF
)
# Flags given once hold until others are given, so that `make run` after a GPU set-up keeps the GPU.
# LLAMA_CMAKE_FLAGS="" goes back to none.
llama_flags_file=$cache/llama/cmake-flags
if [[ -z ${LLAMA_CMAKE_FLAGS+set} && -f $llama_flags_file ]]; then LLAMA_CMAKE_FLAGS=$(<"$llama_flags_file"); fi
read -r -a extra_flags <<<"${LLAMA_CMAKE_FLAGS:-}" || true
llama_flags+=("${extra_flags[@]}")

llama_key() {
    {
        printf '%s\n' "$llama_sha256" "${llama_flags[@]}"
        uname -m
        grep -m 2 -E '^(model name|flags|Features)' /proc/cpuinfo || true
    } | sha256sum | cut -c1-12
}
llama_home=$cache/llama/$llama_release-$(llama_key)
