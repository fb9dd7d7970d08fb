import { BlackstartError } from '../errors.ts';

export const portTaken = (protocol: 'UDP' | 'TCP', port: number, cause?: unknown) =>
  new BlackstartError('E_PORT_TAKEN', `${protocol} port ${port} is held by another program`, {
    remedy:
      `Run "ss -l${protocol === 'UDP' ? 'u' : 't'}np sport = :${port}" to see which; ` +
      `on a lab host it is often libvirt's dnsmasq, tftpd-hpa or another blackstart.`,
    ...(cause === undefined ? {} : { cause }),
  });

export const noInterface = (device: string) =>
  new BlackstartError('E_NO_INTERFACE', `there is no network interface "${device}"`, {
    remedy:
      'List them with "ip -brief link" in the same network namespace, and name one of them in site.yaml.',
  });

export const noAddress = (address: string, cause?: unknown) =>
  new BlackstartError('E_NO_ADDRESS', `no interface of this host has the address ${address}`, {
    remedy: `Give it to the interface that site.yaml names ("ip address add ${address}/PREFIX dev NAME"), or correct site.yaml.`,
    ...(cause === undefined ? {} : { cause }),
  });

export const notAllowed = (act: string, cause?: unknown) =>
  new BlackstartError('E_NOT_ALLOWED', `not allowed to ${act}`, {
    remedy: 'Run as root, or give the program CAP_NET_RAW, CAP_NET_ADMIN and CAP_NET_BIND_SERVICE.',
    ...(cause === undefined ? {} : { cause }),
  });
