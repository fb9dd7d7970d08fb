import { join } from 'node:path';

/** What an undercloud is made from: the site's wishes and where the seed keeps things. Paths are absolute. */
export interface UndercloudSettings {
  /** Ironic's own folder below the seed's state. */
  readonly dir: string;
  /** The seed's address on the provisioning network; the API listens there and nowhere else. */
  readonly address: string;
  readonly apiPort: number;
  /** Where the boot servers serve `httpRoot`: `http://ADDRESS:PORT/ironic`. */
  readonly httpUrl: string;
  /** Ironic writes there what a machine shall boot, while it wants it booted. */
  readonly httpRoot: string;
  /** The agent's kernel and ramdisk as files. */
  readonly deployKernel: string;
  readonly deployRamdisk: string;
  /** The agent's kernel arguments beside those that Ironic adds. */
  readonly kernelAppendParams: string;
  /** What is erased before a node is available. */
  readonly clean: 'metadata' | 'none';
  /** Whether an agent that runs already is used on, instead of a new boot. */
  readonly fastTrack: boolean;
  /** Ironic refuses what is over these; the reconciler queues in front of them. */
  readonly limits: { readonly deploys: number; readonly cleans: number };
  /** A machine that was booted and does not call back by then has failed. */
  readonly callbackTimeoutMinutes: number;
  readonly debug: boolean;
  /** Nodes without hardware, for tests: their deployments take `delaySeconds`. Null: not enabled. */
  readonly fakeHardware: { readonly delaySeconds: number } | null;
}

/** Where Ironic keeps what, below `UndercloudSettings.dir`. */
export const undercloudPaths = (dir: string) => ({
  configFile: join(dir, 'ironic.conf'),
  htpasswdFile: join(dir, 'htpasswd'),
  passwordFile: join(dir, 'password'),
  databaseFile: join(dir, 'ironic.sqlite'),
  /** Which release of Ironic the database was made or upgraded for. */
  schemaFile: join(dir, 'schema.json'),
  processFile: join(dir, 'process.json'),
  logFile: join(dir, 'log', 'ironic.log'),
  /** What Ironic prints: warnings of Python, and the stack of a start that failed. */
  outputFile: join(dir, 'log', 'output.log'),
  logDir: join(dir, 'log'),
  deployLogsDir: join(dir, 'log', 'deploy'),
  certificatesDir: join(dir, 'certificates'),
  tempDir: join(dir, 'tmp'),
  lockDir: join(dir, 'lock'),
  imagesDir: join(dir, 'images'),
  imageMasterDir: join(dir, 'images', 'master'),
  tftpRoot: join(dir, 'tftp'),
  tftpMasterDir: join(dir, 'tftp', 'master'),
});
export type UndercloudPaths = ReturnType<typeof undercloudPaths>;

export const apiUrl = ({ address, apiPort }: Pick<UndercloudSettings, 'address' | 'apiPort'>): string =>
  `http://${address}:${apiPort}`;
