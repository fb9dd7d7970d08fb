#!/bin/busybox sh
# The first program of the discovery and deploy ramdisk: devices, the address of the boot interface, then the agent.
# It writes to no disk. Each stage prints the seconds since the kernel started, so that a slow boot shows where.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
say() { echo "blackstart-ramdisk: $* ($(cut -d' ' -f1 /proc/uptime) s)"; }

mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mountpoint -q /dev || mount -t devtmpfs -o mode=755 devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
[ -d /sys/firmware/efi ] && mount -t efivarfs efivarfs /sys/firmware/efi/efivars
[ -c /dev/console ] && exec </dev/null >/dev/console 2>&1
say "started"

/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add --type=subsystems
udevadm trigger --action=add --type=devices
ip link set lo up
hostname blackstart-ramdisk

# iPXE and PXELINUX name the interface they booted from: BOOTIF=01-52-54-00-aa-bb-cc, or with colons.
boot_mac=$(sed -n 's/.*BOOTIF=\(01-\)\{0,1\}\([0-9a-fA-F:-]*\).*/\2/p' /proc/cmdline | tr 'A-F-' 'a-f:')
find_boot_interface() {
  for folder in /sys/class/net/*; do
    name=${folder##*/}
    [ -e "$folder/device" ] || continue
    ip link set "$name" up
    if [ -z "$boot_mac" ] || [ "$(cat "$folder/address")" = "$boot_mac" ]; then echo "$name"; return; fi
  done
}
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
  interface=$(find_boot_interface)
  [ -n "$interface" ] && break
  [ "$attempt" = 1 ] && say "waiting for the network interface ${boot_mac:-(any)}"
  sleep 1
done
[ -n "$interface" ] || say "no network interface ${boot_mac:-at all}: is its driver in this ramdisk?"

# Stays and renews the lease; asks again for as long as nobody answers.
[ -n "$interface" ] && busybox udhcpc -i "$interface" -s /usr/local/sbin/udhcpc-script -t 3 -T 2 -A 5 -S -p /run/udhcpc.pid &
udevadm settle -t 30
for driver in loop vfat nls_cp437 nls_ascii isofs; do modprobe -q "$driver"; done
say "devices found"
while [ -n "$interface" ] && [ ! -e /run/lease ]; do sleep 0.2; done
say "address $(cat /run/lease 2>/dev/null || echo none) on ${interface:-no interface}"

# Every other interface is raised for LLDP and the inventory, but asks for no address.
for folder in /sys/class/net/*; do [ -e "$folder/device" ] && ip link set "${folder##*/}" up; done

# The agent leaves when Ironic does not know the machine for long; then it inspects again and asks again.
while :; do
  say "starting the agent"
  ironic-python-agent --config-dir /etc/ironic-python-agent.d
  say "the agent ended with code $?; starting it again in 5 seconds"
  sleep 5
done
