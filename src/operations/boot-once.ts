import type { BootEvent } from '../boot/network-boot.ts';
import { isOnce, type OnceKind, unexpired } from '../core/boot-node.ts';
import { isUsedUp } from '../core/once-used-up.ts';
import { BlackstartError, EXIT, reasonOf } from '../errors.ts';
import type { SiteNode } from '../site/site.ts';
import { isProtected, nodeProfile } from '../site/views.ts';
import { bootTools } from './boot-programs.ts';
import type { BootOnceView, BootOnceWish } from './commands.ts';
import type { SeedServices } from './seed-services.ts';
import type { SeedState } from './seed-state.ts';

/** In these Ironic leaves the machine alone; in all others it is at work on it. */
const QUIET_STATES: ReadonlySet<string> = new Set(['enroll', 'manageable', 'available', 'active']);

/**
 * Has a machine boot something else than its disk, once: a journaled intent with an end, and the BMC's one-time boot
 * device. Refused where it would get into the way of a bring-up, or could write to what nothing may wipe.
 */
export async function bootOnce(
  node: SiteNode,
  wish: BootOnceWish,
  state: SeedState,
  services: SeedServices,
): Promise<BootOnceView> {
  const kind = checkWish(wish.what, state, services);
  refuseUnsafe(node, kind, state);
  await refuseBusy(node, state, services);
  const nowMs = state.clock.nowMs();
  const endsAtMs = nowMs + wish.minutes * 60_000;
  const reason = `asked by ${wish.by}`;
  await state.book.setIntent({ node: node.name, kind, reason, createdAtMs: nowMs, endsAtMs });
  await state.journal.write(0, node.name, 'boot-once', 'done', {
    kind,
    by: wish.by,
    endsAtMs,
    now: wish.now,
  });
  const power = node.bmc === null ? null : await prepareBoot(node, wish.now, state, services);
  return { node: node.name, what: kind, endsAtMs, power };
}

/** Takes the wish back. What the machine runs already it goes on running. */
export async function cancelBootOnce(node: SiteNode, state: SeedState): Promise<boolean> {
  const intent = state.book.intentOf(node.name);
  if (intent === null || !isOnce(intent.kind)) return false;
  await state.book.clearIntent(node.name);
  await state.journal.write(0, node.name, 'boot-once', 'done', { kind: intent.kind, ended: 'taken back' });
  return true;
}

/** Ends the wish once the machine has fetched all of it: its next start is an ordinary one again. */
export function endUsedUp(state: SeedState, event: BootEvent): void {
  const name = event.mac === null ? null : state.directory.nameByMac(event.mac);
  const intent = name === null ? null : state.book.intentOf(name);
  if (name === null || intent === null || !isUsedUp(intent.kind, event, bootTools(state.site))) return;
  state.book.clearIntent(name).then(
    () => state.log.info({ node: name, intent: intent.kind }, 'one-time boot is used up'),
    (error: unknown) => state.log.error({ node: name, reason: reasonOf(error) }, 'one-time boot not ended'),
  );
}

function checkWish(what: string, state: SeedState, services: SeedServices): OnceKind {
  const tools = Object.keys(state.site.site.boot.tools);
  const kind: OnceKind | null =
    what === 'rescue' || what === 'memtest' ? what : tools.includes(what) ? `tool:${what}` : null;
  if (kind === null)
    throw new BlackstartError('E_NO_TOOL', `"${what}" is neither rescue nor memtest nor a tool of the site`, {
      remedy: `The site's tools (boot.tools) are: ${tools.join(', ') || 'none'}.`,
      exitCode: EXIT.usage,
    });
  const ready = kind === 'rescue' ? services.serves.rescue : kind !== 'memtest' || services.serves.memtest;
  if (!ready)
    throw new BlackstartError('E_NOT_READY', `this seed does not have what ${what} boots yet`, {
      remedy: '"blackstart up --to discover" builds and fetches it.',
    });
  return kind;
}

const refused = (code: string, message: string, remedy: string) =>
  new BlackstartError(code, message, { remedy, exitCode: EXIT.refused });

/** Rescue and memtest write nothing by themselves; what a tool does is not known. */
function refuseUnsafe(node: SiteNode, kind: OnceKind, { site, book }: SeedState): void {
  const { approval } = book.record(node.name);
  if (approval === 'rejected')
    throw refused(
      'E_REJECTED',
      `${node.name} was rejected`,
      `"blackstart nodes approve ${node.name}" takes it back.`,
    );
  if (!kind.startsWith('tool:')) return;
  if (isProtected(site.site, node))
    throw refused(
      'E_PROTECTED',
      `${node.name} is protected, and a tool may write to its disks`,
      'Take the protection out of site.yaml for the time, or run the tool by hand.',
    );
  if (approval !== 'approved')
    throw refused(
      'E_UNAPPROVED',
      `${node.name} is not approved, and a tool may write to its disks`,
      `"blackstart nodes approve ${node.name}" first.`,
    );
}

async function refuseBusy(node: SiteNode, state: SeedState, services: SeedServices): Promise<void> {
  const nowMs = state.clock.nowMs();
  const macs = state.directory.macsOf(node.name);
  const wanted = macs.map((mac) => unexpired(state.directory.intentOf(mac), nowMs));
  const other = wanted.find((intent) => intent !== null && !isOnce(intent.kind));
  if (other) throw busy(node.name, `is to boot for another reason (${other.kind}: ${other.reason})`);
  const found = await services.ironic()?.node(node.name);
  if (found && !QUIET_STATES.has(found.provision_state))
    throw busy(node.name, `is "${found.provision_state}" in the undercloud`);
}

const busy = (name: string, why: string) =>
  refused('E_BUSY', `${name} ${why}`, `Wait until that is over: "blackstart nodes show ${name}".`);

async function prepareBoot(
  node: SiteNode,
  now: boolean,
  { site }: SeedState,
  services: SeedServices,
): Promise<'on' | 'off'> {
  const bmc = await services.bmc(node);
  const { bootMode } = nodeProfile(site.site, node);
  await bmc.setNextBoot('pxe', bootMode ? { firmware: bootMode } : {});
  if (now && (await bmc.powerState()) === 'off') await bmc.powerOn();
  else if (now) await bmc.reset();
  return (await bmc.powerState()) === 'off' ? 'off' : 'on';
}
