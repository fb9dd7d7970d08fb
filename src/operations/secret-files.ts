import { join } from 'node:path';
import type { SecretAnswer, SecureServing } from '../boot/network-boot.ts';
import { DEPLOYING_STATES } from '../core/provision-states.ts';
import { reasonOf } from '../errors.ts';
import type { Ironic } from '../ironic/client.ts';
import type { IronicNode } from '../ironic/types.ts';
import type { SiteNode } from '../site/site.ts';
import { provisioningNetworkOf, provisioningNetworks } from '../site/views.ts';
import type { OneTimeTokens } from '../store/one-time-tokens.ts';
import { nodeConfigDrive, packConfigDrive } from './config-drive.ts';
import type { SeedState } from './seed-state.ts';
import { ensureServerCertificate, type ServerCertificate } from './site-authority.ts';

/** The one secret file there is so far; its name in URL, token and trace. */
export const CONFIG_DRIVE = 'config-drive';

/** Longer than any deployment: the image is written before the agent asks for the drive. */
const TOKEN_LIFE_MS = 4 * 3600_000;
const RENEWAL_LOOK_MS = 12 * 3600_000;
const ASK_LIMIT_MS = 20_000;

interface Deps {
  readonly state: SeedState;
  readonly tokens: OneTimeTokens;
  readonly ironic: () => Ironic | null;
}

/** Files with secrets, and the TLS port and tokens by which alone they go out. */
export class SecretFiles {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A URL that opens a node's config drive once, while it is deployed; null where the site has no TLS port. */
  async configDriveUrl(node: SiteNode): Promise<string | null> {
    const { site } = this.#deps.state.site;
    const port = site.seed.tlsPort;
    if (port === null) return null;
    const token = await this.#deps.tokens.issue({ node: node.name, file: CONFIG_DRIVE }, TOKEN_LIFE_MS);
    const { address } = provisioningNetworkOf(site, node);
    return `https://${address}:${port}/secret/${CONFIG_DRIVE}?token=${token}`;
  }

  /** What the boot servers need for the TLS port; null where the site has none. The certificate is renewed until `signal`. */
  async serving(signal: AbortSignal): Promise<SecureServing | null> {
    const { site, clock } = this.#deps.state;
    const port = site.site.seed.tlsPort;
    if (port === null) return null;
    const addresses = provisioningNetworks(site.site).map(({ address }) => address);
    const renew = () => ensureServerCertificate(site.site.seed.stateDir, addresses, clock);
    let certificate = await renew();
    const takers: (() => void)[] = [];
    void this.#keepRenewed(renew, signal, (renewed) => {
      if (renewed.cert === certificate.cert) return;
      certificate = renewed;
      for (const take of takers) take();
    });
    return {
      port,
      certificate: () => certificate,
      onRenewed: (take) => takers.push(take),
      openSecret: (file, token, node) => this.#open(file, token, node),
    };
  }

  async #keepRenewed(
    renew: () => Promise<ServerCertificate>,
    signal: AbortSignal,
    take: (certificate: ServerCertificate) => void,
  ): Promise<void> {
    const { clock, log } = this.#deps.state;
    for (;;) {
      await clock.sleep(RENEWAL_LOOK_MS, signal).catch(() => {});
      if (signal.aborted) return;
      await renew().then(take, (error: unknown) =>
        log.warn({ reason: reasonOf(error) }, 'certificate not renewed'),
      );
    }
  }

  async #open(file: string, token: string, name: string): Promise<SecretAnswer> {
    const { state, tokens } = this.#deps;
    const node = state.site.site.nodes.find((candidate) => candidate.name === name);
    if (file !== CONFIG_DRIVE || node === undefined)
      return { kind: 'refused', reason: `there is no ${file} for ${name}`, replay: false };
    let uuid = '';
    const answer = await tokens.redeem(token, { node: name, file }, async () => {
      const found = await this.#ironicNode(name);
      const provisionState = found?.provision_state ?? 'not enrolled';
      uuid = found?.uuid ?? '';
      return DEPLOYING_STATES.has(provisionState)
        ? null
        : `${name} is not being deployed: it is ${provisionState}`;
    });
    if (answer.kind === 'refused') return answer;
    const bootMac = state.addresses.bootMac(state.directory.macsOf(name));
    const drive = await nodeConfigDrive({ site: state.site, node, uuid, bootMac });
    return {
      kind: 'opened',
      bytes: await packConfigDrive(drive, join(state.site.site.seed.stateDir, 'tmp')),
    };
  }

  /** The owner of the state is asked; without an answer nothing is opened. */
  async #ironicNode(name: string): Promise<IronicNode | null> {
    const ironic = this.#deps.ironic();
    return ironic === null ? null : ironic.node(name, AbortSignal.timeout(ASK_LIMIT_MS));
  }
}
