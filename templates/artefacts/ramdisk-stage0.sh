#!/bin/busybox sh
# The kernel's first program: finds the real ramdisk in a squashfs beside it. Only what is read is unpacked, so a boot
# neither waits for the whole of it nor keeps it twice in memory.
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs devtmpfs /dev
while read -r module; do /bin/busybox insmod "/modules/$module"; done </modules/order
/bin/busybox mount -t squashfs -o ro,loop /root.squashfs /lower
/bin/busybox mount -t tmpfs -o mode=755 tmpfs /changes
/bin/busybox mkdir /changes/upper /changes/work
/bin/busybox mount -t overlay -o lowerdir=/lower,upperdir=/changes/upper,workdir=/changes/work overlay /root
/bin/busybox mount --move /dev /root/dev
/bin/busybox umount /proc
exec /bin/busybox switch_root /root /init
echo "blackstart-ramdisk: cannot start; is the download whole?" >/dev/console
exec /bin/busybox sh
