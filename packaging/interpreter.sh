#!/usr/bin/env bash
# Compiles CPython and the libraries it is linked with for architecture $1 (x86_64, arm64), into folder $2. Zig's clang
# targets glibc 2.26, which is Amazon Linux 2's; the libraries are linked statically, every extension module too.
# $3 is a Python of the same version that runs here: for another architecture it freezes modules; empty builds natively.
# PYTHON_VERSION is 3.13 unless said. Each source has Debian's patches; packaging/patches has ours, and what is left out.
# With COUNTING=clang-19 that compiler makes an interpreter that counts what it runs, for profile.sh.
set -euo pipefail

arch=$1
destination=$2
native=${3-}
python=python${PYTHON_VERSION:-3.13}
root=$PWD
here=$root/packaging
case $arch in
    x86_64) machine=x86_64 openssl=linux-x86_64 ;;
    arm64) machine=aarch64 openssl=linux-aarch64 ;;
    *) echo "ARCH is $arch: it has to be x86_64 or arm64" >&2; exit 1 ;;
esac
host=$machine-linux-gnu
work=$root/.cache/build/$arch
deps=$work/deps
rm -rf "$work" "$destination"
mkdir -p "$work/tools" "$deps/include" "$deps/lib"
end() {
    # With all that they have started: who tries again begins by removing the folder that they write to.
    local step
    for step in $(jobs -p); do kill -- "-$step" 2>/dev/null || :; done
    wait
}

log=
trap 'status=$?; if [ $status != 0 ] && [ -n "$log" ]; then tail -n 20 "$log" >&2; echo "all of it: $log" >&2; fi; end' EXIT

# The date is compiled in (`sys.version`, OpenSSL's `version -b`): any constant makes two builds the same bytes.
export SOURCE_DATE_EPOCH=1754697600 LC_ALL=C TZ=UTC
export ZIG_GLOBAL_CACHE_DIR=$root/.cache/zig ZIG_LOCAL_CACHE_DIR=$root/.cache/zig
zig=$("$root/.venv/bin/python" -c 'import os, ziglang; print(os.path.dirname(ziglang.__file__))')/zig
target="-target $host.2.26 -g0 -ffile-prefix-map=$work=."
# Hidden: what a wheel brings along, another OpenSSL above all, must not find ours. Assembly has no flag for that.
hide='for last; do :; done; case $last in *.[sS]) sed -i -E "s/^[[:space:]]*\.globa?l[[:space:]]+(.*)/.globl \1; .hidden \1/" "$last" ;; esac'
# docs/why.md has what each of these costs. zig turns the stack protector off unless it is told by name.
harden=-fstack-protector-strong fortify=-D_FORTIFY_SOURCE=2
export CFLAGS="-O3 -fvisibility=hidden $harden"
printf '#!/bin/sh\n%s\nexec "%s" cc %s "$@"\n' "$hide" "$zig" "$target" >"$work/tools/cc"
for tool in ar ranlib; do printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$zig" "$tool" >"$work/tools/$tool"; done
chmod +x "$work/tools/"*
# By name: OpenSSL and sysconfig keep what the compiler is called, and a path would tell two folders apart.
export PATH=$work/tools:$PATH CC=cc CXX=c++ AR=ar RANLIB=ranlib
jobs=$(nproc)

unpack() { # package: its tarball, and what Debian and we change in it
    local name=$1 original debian patch
    read -r original debian <<<"$(awk -v name="$name" '$1 == name { printf "%s ", $2 }' "$here/sources.txt")"
    mkdir "$work/$name"
    cd "$work/$name"
    tar --extract --file "$root/.cache/sources/$original" --strip-components=1
    tar --extract --file "$root/.cache/sources/$debian"
    while read -r patch _; do
        if [ -n "$patch" ] && [ "${patch:0:1}" != "#" ] && ! grep -qx "$patch" "$here/patches/left-out.txt"; then
            change "debian/patches/$patch" --fuzz=0
        fi
    done <debian/patches/series
    if [ "$name" = "$python" ]; then change "$here/patches/putenv.patch"; fi
}

change() { # patch options...
    local patch=$1
    shift
    patch --strip=1 --batch --forward --no-backup-if-mismatch "$@" --input="$patch" || { echo "does not apply: $patch"; exit 1; }
}

compile() { # library sources...
    local library=$1
    shift
    # shellcheck disable=SC2086
    printf '%s\n' "$@" | xargs -P "$jobs" -I{} "$CC" $CFLAGS $fortify $flags -c {}.c
    "$AR" rcs "$deps/lib/lib$library.a" "${@/%/.o}"
}

zlib() {
    cd "$work/zlib"
    flags="-DHAVE_HIDDEN -DHAVE_UNISTD_H -DHAVE_STDARG_H -D_LARGEFILE64_SOURCE=1"
    compile z adler32 compress crc32 deflate infback inffast inflate inftrees trees uncompr zutil
    cp zlib.h zconf.h "$deps/include"
}

bzip2() {
    cd "$work/bzip2"
    flags="-D_FILE_OFFSET_BITS=64"
    compile bz2 blocksort huffman crctable randtable compress decompress bzlib
    cp bzlib.h "$deps/include"
}

xz-utils() {
    cd "$work/xz-utils"
    ./configure -q --host="$host" --prefix="$deps" --disable-shared --disable-nls --disable-xz --disable-xzdec \
        --disable-lzmadec --disable-lzmainfo --disable-lzma-links --disable-scripts --disable-doc \
        gl_cv_cc_visibility=no CXX=false
    make --silent -j"$jobs" CFLAGS="$CFLAGS $fortify" install
}

libffi() {
    cd "$work/libffi"
    ./configure -q --host="$host" --prefix="$deps" --disable-shared --disable-docs --disable-multi-os-directory \
        --disable-exec-static-tramp CXX=false
    make --silent -j"$jobs" CFLAGS="$CFLAGS $fortify" install
}

sqlite3() {
    cd "$work/sqlite3"
    CC_FOR_BUILD="${HOSTCC:-gcc}" ./configure --host="$host" --disable-tcl --disable-readline
    make --silent sqlite3.c
    flags="-DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_MATH_FUNCTIONS"
    flags+=" -DSQLITE_ENABLE_COLUMN_METADATA"
    compile sqlite3 sqlite3
    cp sqlite3.h sqlite3ext.h "$deps/include"
}

openssl() {
    cd "$work/openssl"
    cp "$here/store.c" crypto/x509/x509_def.c
    # shellcheck disable=SC2086
    ./Configure "$openssl" --prefix=/usr --openssldir=/etc/ssl --libdir=lib no-shared no-tests no-apps no-docs \
        no-module no-engine no-legacy no-quic no-comp no-dso $CFLAGS $fortify
    make --silent -j"$jobs" build_libs
    cp -r include/openssl "$deps/include"
    cp libssl.a libcrypto.a "$deps/lib"
}

builtins() {
    # What compiled code calls for 128-bit numbers. As zig links it, it would bring zig's own memcmp, strlen, sin and so
    # on as well, in place of the C library's, which are many times as fast: they get names that nobody calls. So do those
    # of the stack protector, as its own has the same secret in every process.
    "$zig" build-lib "$(dirname "$zig")/lib/compiler_rt.zig" -target "$host.2.26" -O ReleaseFast -fstrip -fno-builtin \
        -fno-stack-check -fno-stack-protector -fno-unwind-tables -femit-bin="$deps/lib/libbuiltins.a"
    local names='mem(?:cpy|move|set|cmp)|bcmp|strlen|(?:ceil|cos|exp2?|fabs|floor|fma|fmax|fmin|fmod|log|log2|log10|round|sin'
    names+='|sincos|sqrt|tan|trunc)(?:f|l|f128)?|__stack_chk_(?:fail|guard)|__chk_fail|__\w+_chk'
    # The last letter, as names that end alike are stored once.
    perl -0777 -pi -e "s/($names)(?=\\0)/substr(\$1, 0, -1) . '_'/ges" "$deps/lib/libbuiltins.a"
}

freeze() {
    # Every start imports these: from the program itself they come without a search and without a file.
    sed -i "s|^        #'<encodings.\*>',|        '<encodings>', 'encodings.aliases', 'encodings.utf_8', '__future__',|" \
        "$work/$python/Tools/build/freeze_modules.py"
    "$root/.venv/bin/python" "$work/$python/Tools/build/freeze_modules.py" --frozen-modules
    grep -q '"encodings.utf_8"' "$work/$python/Python/frozen.c"
}

freezers() {
    # The two programs that freeze modules while CPython is built. Linked as the interpreter is, each takes as long as that.
    mkdir "$work/freezers"
    cd "$work/freezers"
    # Of shared modules: with all of them linked in, they would ask for what is frozen only later.
    PKG_CONFIG=/bin/false CC=${HOSTCC:-gcc} CFLAGS="" OPT="-O0 -w" "../$python/configure" -q --without-readline
    make --silent -j"$jobs" _bootstrap_python
}

python() {
    mkdir "$work/python"
    cd "$work/python"
    local library=$deps/lib cross=() optimize link="-Wl,-z,relro,-z,lazy -flto=thin -rtlib=none" profile
    if [ -n "$native" ]; then
        cross=(--with-build-python="$native")
    fi
    # By its sum, as zig's cache does not look into it.
    profile=$work/$(sha256sum "$here/interpreter.profile.xz" | cut -c 1-12).profile
    xz -dc "$here/interpreter.profile.xz" >"$profile"
    # README's "How fast" has what each saves. No -march: the packages run on any machine of their architecture.
    optimize="-O3 -flto=thin -fprofile-instr-use=$profile -Wno-profile-instr-out-of-date -Wno-profile-instr-unprofiled"
    if [ -n "${COUNTING-}" ]; then
        export CC="$COUNTING -no-pie"
        harden="" fortify="" link=-fprofile-instr-generate optimize="-O2 -fprofile-instr-generate -mllvm -runtime-counter-relocation"
    fi
    export PKG_CONFIG=/bin/false MODULE_BUILDTYPE=static
    ZLIB_CFLAGS=-I$deps/include ZLIB_LIBS=$library/libz.a BZIP2_CFLAGS=-I$deps/include BZIP2_LIBS=$library/libbz2.a \
    LIBLZMA_CFLAGS=-I$deps/include LIBLZMA_LIBS=$library/liblzma.a \
    LIBSQLITE3_CFLAGS=-I$deps/include LIBSQLITE3_LIBS=$library/libsqlite3.a \
    LIBFFI_CFLAGS=-I$deps/include LIBFFI_LIBS=$library/libffi.a LIBS=$library/libbuiltins.a \
    CFLAGS="-fvisibility=hidden $harden" LDFLAGS="-s -L$library $link" OPT="-DNDEBUG -Wno-date-time $optimize $fortify" \
        ../$python/configure -q --prefix=/usr/local --build="$(uname -m)-linux-gnu" --host="$host" "${cross[@]}" \
        --with-openssl="$deps" --with-ensurepip=no --disable-test-modules --with-computed-gotos --without-readline \
        ac_cv_buggy_getaddrinfo=no ac_cv_file__dev_ptmx=yes ac_cv_file__dev_ptc=no \
        py_cv_module__tkinter=n/a py_cv_module__dbm=n/a py_cv_module__gdbm=n/a py_cv_module__curses=n/a \
        py_cv_module__curses_panel=n/a py_cv_module_readline=n/a py_cv_module__uuid=n/a
    if [ -z "$native" ]; then
        cp ../freezers/Programs/_freeze_module Programs
        cp ../freezers/_bootstrap_python ../freezers/pybuilddir.txt .
    fi
    # A program for tests would take as long to link, too.
    local make=(make --silent --old-file=Programs/_testembed --old-file=Programs/_freeze_module --old-file=_bootstrap_python)
    "${make[@]}" -j"$jobs"
    "${make[@]}" DESTDIR="$work/installed" install
    # sysconfig's variables name the folder of the build, on lines that break by its length; nobody has that folder.
    "$root/.venv/bin/python" - "$work" "$root" "$work"/installed/usr/local/lib/$python/_sysconfigdata_*.py <<'EOF'
import ast, pathlib, sys
work, root, file = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
head, name, values = file.read_text().partition("build_time_vars = ")
text = repr(ast.literal_eval(values)).replace(work, "/build").replace(root, "/build")
file.write_text(f"{head}{name}{text}\n")
EOF
}

defined() { # macro file
    sed -nE "s/^#[[:space:]]*define $1[[:space:]]+\"?([^\"[:space:]]+)\"?.*/\1/p" "$2"
}

parts() {
    # What is linked into the program, for the bill of materials: name, version, and of a tarball its digest and Debian's
    # version. Licences lie beside it.
    local licences=$made/licences code=$work/$python libraries version
    libraries=$(dirname "$zig")/lib
    mkdir "$licences"
    cp "$work/bzip2/LICENSE" "$licences/bzip2.txt"
    cp "$work/libffi/LICENSE" "$licences/libffi.txt"
    cp "$work/openssl/LICENSE.txt" "$licences/openssl.txt"
    cp "$work/sqlite3/LICENSE.md" "$licences/sqlite3.txt"
    cat "$work/xz-utils/COPYING" "$work/xz-utils/COPYING.0BSD" >"$licences/xz-utils.txt"
    cp "$work/zlib/LICENSE" "$licences/zlib.txt"
    cp "$code/LICENSE" "$licences/$python.txt"
    # expat, libmpdec, mimalloc and whatever else CPython has taken in; HACL* it leaves out.
    cp "$code/Doc/license.rst" "$licences/$python-incorporated.txt"
    sed '/^ \*\/$/q' "$code/Modules/_hacl/Hacl_Hash_SHA2.c" >"$licences/hacl-star.txt"
    cp "$libraries/libc/musl/COPYRIGHT" "$licences/musl.txt"
    cp "$libraries/libc/glibc/LICENSES" "$licences/glibc.txt"
    cp "$libraries/../LICENSE" "$licences/compiler-rt.txt"
    awk -v python="$python" '
        /^#/ || (/^python/ && $1 != python) { next }
        $1 != name { name = $1; file = $2; digest = $3; next }
        {
            version = file; sub(/^[^_]*_(.*really)?/, "", version); sub(/\.orig\..*/, "", version)
            revision = $2; sub(/^[^_]*_/, "", revision); sub(/\.debian\..*/, "", revision)
            print name, version, digest, revision
        }' "$here/sources.txt" >"$licences/PARTS"
    version=$(defined XML_MAJOR_VERSION "$code/Modules/expat/expat.h").$(defined XML_MINOR_VERSION "$code/Modules/expat/expat.h")
    version+=.$(defined XML_MICRO_VERSION "$code/Modules/expat/expat.h")
    echo "expat $version" >>"$licences/PARTS"
    echo "libmpdec $(defined MPD_VERSION "$code/Modules/_decimal/libmpdec/mpdecimal.h")" >>"$licences/PARTS"
    version=$(defined MI_MALLOC_VERSION "$code/Include/internal/mimalloc/mimalloc.h") # 212 is 2.1.2
    echo "mimalloc ${version:0:1}.${version:1:1}.${version:2}" >>"$licences/PARTS"
    echo "hacl-star $(sed -n 's/^expected_hacl_star_rev=//p' "$code/Modules/_hacl/refresh.sh")" >>"$licences/PARTS"
    echo "compiler-rt $("$zig" version)" >>"$licences/PARTS"
    # zig does not say it: the first version with statx, and the last without posix_getdents.
    if [ ! -e "$libraries/libc/musl/src/linux/statx.c" ] || [ -e "$libraries/libc/musl/src/dirent/posix_getdents.c" ]; then
        echo "zig has another musl than 1.2.5" >&2
        exit 1
    fi
    echo "musl 1.2.5" >>"$licences/PARTS"
    # What starts a program and ends it. zig's list of glibc's versions ends with the one that it has this from.
    version=$(perl -0777 -ne '/((?:\x02..)+).arm-/s and print ord substr $1, -2, 1' "$libraries/libc/glibc/abilists")
    echo "glibc 2.$version" >>"$licences/PARTS"
}

log=$work/unpack.log
for package in zlib bzip2 xz-utils libffi sqlite3 openssl "$python"; do
    (unpack "$package") >>"$log" 2>&1
done
log=$work/freeze.log
(freeze) >"$log" 2>&1
# What needs nothing of another is made at once: most of a configure's time is one core's.
steps=(zlib bzip2 xz-utils libffi sqlite3 openssl builtins)
if [ -z "$native" ]; then steps+=(freezers); fi
echo "compiling ${steps[*]} for $arch"
begun=()
set -m # each in a group of its own, for `end`
for step in "${steps[@]}"; do
    ("$step") >"$work/$step.log" 2>&1 </dev/null &
    begun+=($!)
done
set +m
for at in "${!steps[@]}"; do
    log=$work/${steps[at]}.log
    wait "${begun[at]}"
done
echo "compiling $python for $arch"
log=$work/python.log
(python) >"$log" 2>&1
made=$work/installed/usr/local
# The launcher is linked statically with musl, and no dynamic linker takes its time.
"$zig" cc -target "$machine-linux-musl" -static -Os -s -g0 -o "$made/launcher" "$here/launcher.c"
parts
mv "$made" "$destination"
rm -rf "$work"
