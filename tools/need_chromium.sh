#!/bin/sh
# The browser tests drive Debian's Chromium. Install it when it is missing and we may; else say what to do.
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-dejavu-core && exit 0
fi
echo "The browser tests need Chromium; install it (Debian: apt-get install chromium) and run make test again." >&2
exit 1
