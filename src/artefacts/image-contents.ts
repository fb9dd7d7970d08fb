/** Debian packages of the machine image: a small server that Ansible, Kolla and Kubernetes can build on. */
export const IMAGE_PACKAGES = [
  // a system
  'systemd-sysv',
  'systemd-resolved',
  'systemd-timesyncd',
  'dbus',
  'udev',
  'kmod',
  'iproute2',
  'iputils-ping',
  'procps',
  'less',
  'e2fsprogs',
  'dosfstools',
  'initramfs-tools',
  'busybox',
  'lz4',
  'zstd',
  'grub2-common',
  // reached and configured from outside
  'openssh-server',
  'sudo',
  'python3',
  'python3-apt',
  'ca-certificates',
  'cloud-init',
] as const;

/** What dpkg leaves out, at the build and at every later upgrade of a deployed machine. */
export const IMAGE_EXCLUDED_PATHS = [
  '/usr/share/doc/*',
  '/usr/share/man/*',
  '/usr/share/info/*',
  '/usr/share/locale/*',
  '/usr/share/lintian/*',
] as const;

/** Made anew on each machine, or left by the build. */
export const IMAGE_NOT_SHARED = [
  'etc/hostname',
  'etc/resolv.conf',
  'etc/ssh/ssh_host_dsa_key',
  'etc/ssh/ssh_host_ecdsa_key',
  'etc/ssh/ssh_host_ecdsa_key.pub',
  'etc/ssh/ssh_host_ed25519_key',
  'etc/ssh/ssh_host_ed25519_key.pub',
  'etc/ssh/ssh_host_rsa_key',
  'etc/ssh/ssh_host_rsa_key.pub',
  'var/lib/dbus/machine-id',
  'var/lib/systemd/random-seed',
  'var/log/apt',
  'var/log/dpkg.log',
  'var/log/alternatives.log',
  'var/log/bootstrap.log',
  'var/cache/debconf',
  'var/cache/ldconfig',
  'var/lib/apt/lists',
] as const;

/** Enabled for every machine. */
export const IMAGE_UNITS = ['systemd-networkd.service', 'systemd-resolved.service', 'ssh.service'] as const;

/** Timers that change or scan a server behind its operator's back, and waits for hardware it does not have. */
export const IMAGE_MASKED_UNITS = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'systemd-binfmt.service',
  'proc-sys-fs-binfmt_misc.automount',
  'cloud-init-hotplugd.socket',
] as const;

/**
 * Programs that systemd starts before anything else at every boot, each half a second of an emulated processor.
 * cloud-init's asks whether there is a data source: here there always is one. The others find nothing in this image.
 */
export const IMAGE_MASKED_GENERATORS = [
  'cloud-init-generator',
  'systemd-debug-generator',
  'systemd-gpt-auto-generator',
  'systemd-hibernate-resume-generator',
  'systemd-integritysetup-generator',
  'systemd-run-generator',
  'systemd-system-update-generator',
  'systemd-veritysetup-generator',
] as const;

export const KERNEL_ARGUMENTS = 'console=tty0 console=ttyS0,115200n8 quiet';
