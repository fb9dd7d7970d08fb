# Downloads the kernel that the meta package $2 names and unpacks it into the root $1.
set -e
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
kernel=$(apt-cache depends "$2" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n1)
test -n "$kernel"
mkdir "$1/kernel-package"
(cd "$1/kernel-package" && apt-get -o APT::Sandbox::User=root download "$kernel")
mkdir "$1/kernel-package/unpacked"
dpkg -x "$1"/kernel-package/*.deb "$1/kernel-package/unpacked"
mkdir -p "$1/usr/lib/modules" "$1/boot"
cp -a "$1"/kernel-package/unpacked/lib/modules/* "$1/usr/lib/modules/"
cp -a "$1"/kernel-package/unpacked/boot/vmlinuz-* "$1/boot/"
rm -r "$1/kernel-package"
