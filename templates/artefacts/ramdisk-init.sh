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
# These have no driver to load and no name to make: leaving them out is most of the events of a virtual machine.
skip=
for subsystem in bdi clockevents clocksource cpu event_source graphics machinecheck mem memory node tty vc vtconsole \
  wakeup workqueue; do skip="$skip --subsystem-nomatch=$subsystem"; done
udevadm trigger --action=add --type=devices $skip
ip link set lo up
hostname blackstart-ramdisk
for driver in loop vfat nls_cp437 nls_ascii isofs; do modprobe -q "$driver"; done
udevadm settle -t 60
say "devices found"

# iPXE and PXELINUX name the interface they booted from: BOOTIF=01-52-54-00-aa-bb-cc, or with colons.
boot_mac=$(sed -n 's/.*BOOTIF=\(01-\)\{0,1\}\([0-9a-fA-F:-]*\).*/\2/p' /proc/cmdline | tr 'A-F-' 'a-f:')
find_boot_interface() {
  for folder in /sys/class/net/*; do
    [ -e "$folder/device" ] || continue
    if [ -z "$boot_mac" ] || [ "$(cat "$folder/address")" = "$boot_mac" ]; then echo "${folder##*/}"; return; fi
  done
}
attempt=0
while interface=$(find_boot_interface); [ -z "$interface" ] && [ "$attempt" -lt 60 ]; do
  attempt=$((attempt + 1))
  [ "$attempt" = 1 ] && say "waiting for the network interface ${boot_mac:-(any)}"
  sleep 1
done

if [ -n "$interface" ]; then
  ip link set "$interface" up
  # Stays and renews the lease; asks again for as long as nobody answers.
  busybox udhcpc -f -i "$interface" -s /usr/local/sbin/udhcpc-script -t 3 -T 2 -A 5 -S 2>/dev/null &
  attempt=0
  while [ ! -e /run/lease ]; do
    attempt=$((attempt + 1))
    [ "$((attempt % 50))" = 0 ] && say "no DHCP answer on $interface yet"
    sleep 0.2
  done
  say "address $(cat /run/lease) on $interface"
else
  say "no network interface ${boot_mac:-at all}: is its driver in this ramdisk?"
fi

# Every other interface is raised for LLDP and the inventory, but asks for no address.
for folder in /sys/class/net/*; do [ -e "$folder/device" ] && ip link set "${folder##*/}" up; done

# For a person, not for the agent: blackstart.rescue=URL-OF-PUBLIC-KEYS. A shell on the console, and by ssh.
rescue_keys=$(sed -n 's/.*blackstart\.rescue=\([^ ]*\).*/\1/p' /proc/cmdline)
if [ -n "$rescue_keys" ]; then
  mkdir -p -m 700 /root/.ssh /etc/dropbear
  # Not by busybox' wget, which is linked statically and dies where glibc looks a name up.
  python3 -c 'import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=20).read().decode())' \
    "$rescue_keys" >/root/.ssh/authorized_keys || say "no public keys from $rescue_keys"
  chmod 600 /root/.ssh/authorized_keys
  dropbearkey -t ed25519 -f /etc/dropbear/dropbear_ed25519_host_key | grep Fingerprint
  dropbear -s
  say "rescue: ssh root@$(cat /run/lease 2>/dev/null), or this shell"
  while :; do busybox setsid busybox cttyhack /bin/bash -l; done
fi

# The agent leaves when Ironic does not know the machine for long; then it inspects again and asks again.
while :; do
  say "starting the agent"
  ironic-python-agent --config-dir /etc/ironic-python-agent.d
  say "the agent ended with code $?; starting it again in 5 seconds"
  sleep 5
done
