import type { Site } from '../site/site.ts';

/**
 * The site's own arguments for the agent. Where there is a TLS port, the agent is told not to check certificates: it
 * came by plain HTTP itself, with nothing to check one by. TLS then keeps out who listens, the token who comes later.
 */
export const agentArgs = (site: Site): string =>
  [`console=${site.ramdisk.console}`, ...(site.seed.tlsPort === null ? [] : ['ipa-insecure=1'])].join(' ');
