/**
 * What Blackstart needs of Debian, and why. `rehearse`: to build the ramdisk and the image and to run the virtual rack;
 * `test`: only the tests. A package that starts a service at boot names it, and it is turned off again.
 */
const DEBIAN_PACKAGES = [
  { name: 'qemu-system-x86', use: 'rehearse', why: "the virtual rack's machines" },
  { name: 'qemu-utils', use: 'rehearse', why: 'qemu-img: disks and images' },
  { name: 'ovmf', use: 'rehearse', why: 'UEFI firmware of the virtual machines' },
  { name: 'ipxe', use: 'rehearse', why: 'network boot programs for BIOS and UEFI' },
  { name: 'iproute2', use: 'rehearse', why: 'ip: network namespaces and bridges' },
  { name: 'util-linux', use: 'rehearse', why: 'setpriv: machines that end with the rack' },
  { name: 'mmdebstrap', use: 'rehearse', why: 'the roots of the ramdisk and the image' },
  { name: 'debian-archive-keyring', use: 'rehearse', why: 'to check what mmdebstrap fetches' },
  { name: 'squashfs-tools', use: 'rehearse', why: 'mksquashfs: the ramdisk' },
  { name: 'cpio', use: 'rehearse', why: 'the ramdisk' },
  { name: 'zstd', use: 'rehearse', why: 'the ramdisk' },
  { name: 'lz4', use: 'rehearse', why: 'the ramdisk' },
  { name: 'e2fsprogs', use: 'rehearse', why: "mke2fs: the image's root" },
  { name: 'dosfstools', use: 'rehearse', why: "mkfs.vfat: the image's EFI partition" },
  { name: 'mtools', use: 'rehearse', why: 'mcopy: files in the EFI partition' },
  { name: 'gdisk', use: 'rehearse', why: "sgdisk: the image's partitions" },
  { name: 'grub-common', use: 'rehearse', why: "grub-mkimage: the image's boot loader" },
  { name: 'grub-pc-bin', use: 'rehearse', why: 'GRUB for BIOS' },
  { name: 'grub-efi-amd64-bin', use: 'rehearse', why: 'GRUB for UEFI' },
  { name: 'genisoimage', use: 'rehearse', why: 'config drives' },
  { name: 'python3-venv', use: 'rehearse', why: 'Python environments for Ironic, its agent and Ansible' },
  { name: 'openssl', use: 'rehearse', why: "the virtual BMCs' certificates" },
  { name: 'openssh-client', use: 'rehearse', why: "ssh for Ansible, ssh-keygen for the rehearsal's key" },
  { name: 'ca-certificates', use: 'rehearse', why: 'to check whom pip and npm talk to' },
  { name: 'openssh-server', use: 'test', why: 'Ansible and ssh against a real sshd', service: 'ssh.service' },
  { name: 'procps', use: 'test', why: 'pgrep: that nothing is left running' },
  { name: 'busybox', use: 'test', why: 'udhcpc: a DHCP client that is not ours' },
  { name: 'isc-dhcp-client', use: 'test', why: 'dhclient: another one' },
  { name: 'tftp-hpa', use: 'test', why: 'a TFTP client that is not ours' },
  { name: 'atftp', use: 'test', why: 'another one, with options' },
  { name: 'netbase', use: 'test', why: '/etc/services, without which atftp knows no port' },
  { name: 'nginx-light', use: 'test', why: 'images handed off to it', service: 'nginx.service' },
  {
    name: 'apt-cacher-ng',
    use: 'test',
    why: 'the package cache, where a site has one',
    service: 'apt-cacher-ng.service',
  },
  { name: 'curl', use: 'test', why: 'an HTTP client that is not ours, with ranges' },
  { name: 'nftables', use: 'test', why: 'nft: packets that get lost on the way' },
  { name: 'postgresql', use: 'test', why: 'leases of several seeds', service: 'postgresql.service' },
  { name: 'isc-dhcp-relay', use: 'test', why: 'a real DHCP relay', service: 'isc-dhcp-relay.service' },
  { name: 'dnsmasq-base', use: 'test', why: 'a DHCP server of somebody else, to stand beside' },
  { name: 'dhcpcd-base', use: 'test', why: 'dhcpcd: a DHCP client that is not ours' },
  { name: 'qemu-system-arm', use: 'test', why: 'an arm64 machine that netboots' },
  { name: 'qemu-efi-aarch64', use: 'test', why: 'its UEFI firmware' },
  { name: 'ethtool', use: 'test', why: 'a link that cuts segmented messages, as cables do' },
  { name: 'tcpdump', use: 'test', why: 'captures from the virtual rack' },
];

/** The table's entries for a purpose; the tests rehearse too. */
export const packagesFor = (purpose) =>
  DEBIAN_PACKAGES.filter(({ use }) => purpose === 'test' || use === 'rehearse');

/** Which of these are not installed, by what `dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n'` printed. */
export function missingPackages(wanted, dpkgOutput) {
  const installed = new Set(
    dpkgOutput
      .split('\n')
      .filter((line) => line.startsWith('ii'))
      .map((line) => line.trim().split(/\s+/)[1]),
  );
  return wanted.filter(({ name }) => !installed.has(name));
}
