import { BlackstartError, reasonOf } from '../errors.ts';

export const cannotInstall = (cause: unknown): BlackstartError =>
  new BlackstartError('E_UNDERCLOUD_INSTALL', `Ironic could not be installed: ${reasonOf(cause)}`, {
    remedy:
      `${remedyOf(cause)} It comes from the Python package index, so that has to be reachable (proxies: PIP_INDEX_URL, HTTPS_PROXY), with 400 MB of room in the cache; then run "blackstart undercloud up" again.`.trim(),
    cause,
  });

export const packageMissing = (program: string, debianPackage: string, why: string): BlackstartError =>
  new BlackstartError('E_PACKAGE_MISSING', `there is no ${program}: ${why}`, {
    remedy: `apt-get install ${debianPackage}`,
  });

export const apiPortTaken = (address: string, port: number, cause: unknown): BlackstartError =>
  new BlackstartError('E_PORT_TAKEN', `TCP port ${port} on ${address} is held by another program`, {
    remedy: `Run "ss -ltnp sport = :${port}" to see which, and end it; or set undercloud.apiPort in site.yaml.`,
    cause,
  });

export const noSuchAddress = (address: string, cause: unknown): BlackstartError =>
  new BlackstartError('E_NO_ADDRESS', `no interface of this host has the address ${address}`, {
    remedy: 'Give it to the provisioning interface ("ip address"), or correct networks in site.yaml.',
    cause,
  });

export const databaseFailed = (what: string, said: string, cause?: unknown): BlackstartError =>
  new BlackstartError('E_UNDERCLOUD_DBSYNC', `Ironic's database could not be ${what}: ${said}`, {
    remedy:
      'The database is as it was before. Look for a full disk ("df -h"); for one that is damaged, restore a backup.',
    ...(cause === undefined ? {} : { cause }),
  });

export const didNotStart = (why: string, lastLines: string, logFile: string): BlackstartError =>
  new BlackstartError('E_UNDERCLOUD_START', `Ironic did not start: ${why}`, {
    remedy: `The end of its log ${logFile}:\n${lastLines || '(nothing)'}`,
  });

const remedyOf = (cause: unknown): string => (cause instanceof BlackstartError ? cause.remedy : '');
