import { type ClientChannel, type ConnectConfig, Client as SshClient } from 'ssh2';
import { BlackstartError, reasonOf } from '../errors.ts';
import { fingerprintOf, publicHostKey } from './ssh-host-key.ts';

export interface SshTarget {
  readonly host: string;
  readonly port?: number;
  readonly username: string;
  /** The private key's text, OpenSSH or PEM. */
  readonly privateKey: string;
  /**
   * The host key recorded when this machine was first met, as `ssh-ed25519 AAAA…`; absent or null means that it is
   * met for the first time, and its key is trusted and handed back in `SshSession.hostKey` to be recorded.
   */
  readonly knownHostKey?: string | null;
  /** How long connecting and logging in may take. */
  readonly timeoutMs?: number;
}

export interface SshResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One login on one machine. The caller closes it. */
export interface SshSession {
  readonly hostKey: string;
  /** Runs a command by the user's shell. Throws only if the session is lost, or the command takes or says too much. */
  exec(command: string, options?: { readonly timeoutMs?: number }): Promise<SshResult>;
  close(): void;
}

const CONNECT_TIMEOUT_MS = 15_000;
const COMMAND_TIMEOUT_MS = 60_000;
const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Logs in by key. Throws E_SSH_UNREACHABLE (refused, silent or cut off: worth another try), E_SSH_AUTH (the key is
 * not accepted), E_SSH_HOST_KEY (another machine answers there) or E_SSH_PRIVATE_KEY; an abort rejects with
 * `signal.reason`.
 */
export async function openSsh(target: SshTarget, signal?: AbortSignal): Promise<SshSession> {
  signal?.throwIfAborted();
  const client = new SshClient();
  const abort = () => client.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const hostKey = await logIn(client, target);
    client.setMaxListeners(0); // One for each command that runs.
    client.on('error', () => {}); // What is running notices by its closed channel.
    client.on('close', () => signal?.removeEventListener('abort', abort));
    return {
      hostKey,
      exec: (command, { timeoutMs = COMMAND_TIMEOUT_MS } = {}) =>
        execute(client, target.host, command, timeoutMs, signal),
      close: () => client.end(),
    };
  } catch (error) {
    client.on('error', () => {});
    client.destroy();
    signal?.removeEventListener('abort', abort);
    signal?.throwIfAborted();
    throw error;
  }
}

function logIn(client: SshClient, target: SshTarget): Promise<string> {
  let offered: string | null = null;
  return new Promise((resolve, reject) => {
    const fail = (error: Error & { level?: string }) =>
      reject(
        offered && target.knownHostKey && offered !== target.knownHostKey
          ? hostKeyChanged(target, offered)
          : whyNoLogin(target, error),
      );
    client.once('ready', () => resolve(offered ?? ''));
    client.once('error', fail);
    client.once('close', () => fail(new Error('the connection was closed before the login')));
    const config: ConnectConfig = {
      host: target.host,
      port: target.port ?? 22,
      username: target.username,
      privateKey: target.privateKey,
      readyTimeout: target.timeoutMs ?? CONNECT_TIMEOUT_MS,
      keepaliveInterval: 15_000,
      hostVerifier: (key: Buffer) => {
        offered = publicHostKey(key);
        return !target.knownHostKey || target.knownHostKey === offered;
      },
    };
    try {
      client.connect(config);
    } catch (error) {
      reject(privateKeyUnusable(error));
    }
  });
}

async function execute(
  client: SshClient,
  host: string,
  command: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<SshResult> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<SshResult>();
  const timer = setTimeout(() => reject(commandTooSlow(host, command, timeoutMs)), timeoutMs);
  const lost = () => reject(sessionLost(host, command));
  client.once('close', lost);
  let channel: ClientChannel | null = null;
  try {
    client.exec(command, (error, opened) => {
      if (error) return reject(sessionLost(host, command, error));
      channel = opened;
      collect(opened, { resolve, reject, lost, tooMuch: () => reject(outputTooLong(host, command)) });
    });
    return await promise;
  } catch (error) {
    (channel as ClientChannel | null)?.close();
    signal?.throwIfAborted();
    throw error instanceof BlackstartError ? error : sessionLost(host, command, error);
  } finally {
    clearTimeout(timer);
    client.off('close', lost);
  }
}

interface Collected {
  readonly resolve: (result: SshResult) => void;
  readonly reject: (reason: Error) => void;
  readonly lost: () => void;
  readonly tooMuch: () => void;
}

function collect(channel: ClientChannel, { resolve, reject, lost, tooMuch }: Collected): void {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let sizeBytes = 0;
  let exitCode: number | null = null;
  const keep = (into: Buffer[]) => (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes > OUTPUT_LIMIT_BYTES) tooMuch();
    else into.push(chunk);
  };
  const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8');
  channel.on('data', keep(stdout));
  channel.stderr.on('data', keep(stderr));
  channel.on('error', reject);
  // RFC 4254 §6.10: a command that ends by a signal has no exit status; shells say 128 + n, and n is not told.
  channel.on('exit', (code: number | null) => {
    exitCode = code ?? 128;
  });
  channel.on('close', () => {
    if (exitCode === null) return lost();
    resolve({ exitCode, stdout: text(stdout), stderr: text(stderr) });
  });
}

function whyNoLogin(target: SshTarget, error: Error & { level?: string }): BlackstartError {
  const who = `${target.username}@${target.host}`;
  if (error.level === 'client-authentication')
    return new BlackstartError('E_SSH_AUTH', `${who} does not accept the site's key`, {
      remedy:
        'Look at the machine\'s console ("blackstart nodes console NODE"): the config drive that holds the key may not ' +
        'have been read, or an older system may have booted from another disk.',
      cause: error,
    });
  return new BlackstartError('E_SSH_UNREACHABLE', `no ssh at ${target.host}: ${error.message}`, {
    remedy: 'Look at the machine\'s console ("blackstart nodes console NODE") and at its address.',
    cause: error,
  });
}

const hostKeyChanged = (target: SshTarget, offered: string) =>
  new BlackstartError(
    'E_SSH_HOST_KEY',
    `${target.host} shows the host key ${fingerprintOf(offered)}, not the recorded ${fingerprintOf(target.knownHostKey ?? '')}`,
    {
      remedy:
        'Another machine may hold this address. If this one was reinstalled by hand, adopt it again; do not log in before.',
    },
  );

const privateKeyUnusable = (cause: unknown) =>
  new BlackstartError('E_SSH_PRIVATE_KEY', `the site's private key cannot be used: ${reasonOf(cause)}`, {
    remedy:
      'Name a key without a passphrase in site.yaml; "ssh-keygen -t ed25519 -N \'\' -f FILE" makes one.',
    cause,
  });

const commandTooSlow = (host: string, command: string, limitMs: number) =>
  new BlackstartError('E_SSH_SLOW', `"${command}" on ${host} took longer than ${limitMs / 1000} s`, {
    remedy:
      'Look at the machine\'s console ("blackstart nodes console NODE"): it may hang or be short of memory.',
  });

const outputTooLong = (host: string, command: string) =>
  new BlackstartError('E_SSH_OUTPUT', `"${command}" on ${host} said more than ${OUTPUT_LIMIT_BYTES} bytes`, {
    remedy: 'Log in by hand and see what it prints.',
  });

const sessionLost = (host: string, command: string, cause?: unknown) =>
  new BlackstartError('E_SSH_LOST', `the session with ${host} broke off during "${command}"`, {
    remedy: 'The machine may have rebooted: look at its console ("blackstart nodes console NODE").',
    cause,
  });
