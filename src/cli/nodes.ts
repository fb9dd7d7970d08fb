import { userInfo } from 'node:os';
import { Argument, Command, Option } from 'commander';
import { BlackstartError, EXIT } from '../errors.ts';
import type { Commands, NodeDetail, NodeView, PowerAction, StrangerView } from '../operations/commands.ts';
import type { LoadedSite } from '../site/load-site.ts';
import { selectNodes } from '../site/selector.ts';
import { siteAttributes } from '../site/views.ts';
import { bootOnceCommand } from './boot-once.ts';
import { attachNodeConsole } from './console.ts';
import { type CliContext, withCommands } from './context.ts';
import { duration, json, table } from './output.ts';
import { jsonOption, siteOption } from './plan.ts';

interface NodesOptions {
  readonly site?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

const dryRunOption = () => new Option('--dry-run', 'say what would be done, and do nothing');
const selectorArgument = () =>
  new Argument('<selector...>', 'names, globs or rack=r1,role=compute,state=active');

/** `blackstart nodes …`: what the seed knows of each machine, and the few things a person decides about it. */
export function nodesCommand(context: CliContext): Command {
  const nodes = new Command('nodes').description('list, show, approve, switch and watch the machines');
  nodes
    .command('list', { isDefault: true })
    .description('every node and every stranger')
    .argument('[selector...]', 'names, globs or rack=r1,role=compute,state=active')
    .addOption(siteOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  blackstart nodes list rack=r1,state=active')
    .action((selector: string[], options: NodesOptions) => listNodes(context, selector, options));
  nodes
    .command('show')
    .description('all that is known of one node')
    .argument('<name>')
    .addOption(siteOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  blackstart nodes show lab-1')
    .action((name: string, options: NodesOptions) => showNode(context, name, options));
  for (const verb of ['approve', 'reject'] as const) {
    nodes
      .command(verb)
      .description(
        verb === 'approve'
          ? 'let discovered machines join: their disks may be written'
          : 'never let them join',
      )
      .addArgument(selectorArgument())
      .addOption(siteOption())
      .addOption(dryRunOption())
      .addHelpText('after', `\nExample:\n  blackstart nodes ${verb} rack=r1`)
      .action((selector: string[], options: NodesOptions) => decideNodes(context, verb, selector, options));
  }
  nodes
    .command('power')
    .description('switch a machine by its BMC, or ask how it is')
    .argument('<name>')
    .addArgument(new Argument('<action>').choices(['on', 'off', 'cycle', 'status']))
    .addOption(siteOption())
    .addOption(dryRunOption())
    .addHelpText('after', '\nExample:\n  blackstart nodes power lab-1 cycle')
    .action((name: string, action: PowerAction, options: NodesOptions) =>
      powerNode(context, name, action, options),
    );
  nodes.addCommand(bootOnceCommand(context));
  nodes
    .command('console')
    .description('the serial console of a machine, through its BMC; Ctrl-] leaves')
    .argument('<name>')
    .addOption(siteOption())
    .addHelpText('after', '\nExample:\n  blackstart nodes console lab-1')
    .action((name: string, options: NodesOptions) => attachNodeConsole(context, name, options.site));
  return nodes;
}

/** The nodes that a selector means; one that means none is an error, so that a typing mistake does nothing. */
async function chosen(
  commands: Commands,
  { site }: LoadedSite,
  selector: readonly string[],
): Promise<NodeView[]> {
  const { nodes } = await commands.nodes();
  const found = selectNodes(nodes, selector, ({ name, state, approval, power }) => {
    const node = site.nodes.find((candidate) => candidate.name === name);
    return { ...(node ? siteAttributes(site, node) : { name }), state, approval, power };
  });
  if (found.length > 0) return found;
  throw new BlackstartError('E_NO_NODES', `"${selector.join(' ')}" selects no node`, {
    remedy: `The nodes are: ${nodes.map((node) => node.name).join(', ')}.`,
    exitCode: EXIT.usage,
  });
}

async function listNodes(
  context: CliContext,
  selector: readonly string[],
  options: NodesOptions,
): Promise<void> {
  const found = await withCommands(context, options.site, async (commands, site) => {
    const all = await commands.nodes();
    return selector.length === 0 ? all : { nodes: await chosen(commands, site, selector), strangers: [] };
  });
  if (options.json) return context.output.out(json(found));
  context.output.out(nodeTable(found.nodes));
  if (found.strangers.length > 0) context.output.out(`\nIn no site file:\n${strangerTable(found.strangers)}`);
}

const nodeTable = (nodes: readonly NodeView[]): string =>
  table(
    ['NAME', 'RACK', 'ROLE', 'FIRMWARE', 'APPROVAL', 'STATE', 'POWER', 'ADDRESS', 'DOING'],
    nodes.map((node) => [
      node.name,
      node.rack,
      node.role,
      node.firmware,
      node.approval,
      node.state,
      node.power,
      node.address,
      node.blocked ? `blocked: ${node.blocked.reason}` : node.doing,
    ]),
  );

const strangerTable = (strangers: readonly StrangerView[]): string =>
  table(
    ['SERIAL', 'MACS', 'BMC', 'ADDRESS', 'WHY'],
    strangers.map((stranger) => [
      stranger.serial,
      stranger.macs.join(' '),
      stranger.bmcAddress,
      stranger.address,
      stranger.conflict ?? 'nothing of it is in site.yaml',
    ]),
  );

async function showNode(context: CliContext, name: string, options: NodesOptions): Promise<void> {
  const node = await withCommands(context, options.site, (commands) => commands.node(name));
  context.output.out(options.json ? json(node) : describeNode(node));
}

function describeNode(node: NodeDetail): string {
  const facts: readonly (readonly [string, string | null])[] = [
    ['role', node.role],
    ['rack', node.rack],
    ['firmware', node.firmware],
    ['approval', node.approval],
    ['state', node.state],
    ['doing', node.doing],
    ['power', node.power],
    ['address', node.address],
    ['serial', node.serial],
    ['system UUID', node.systemUuid],
    ['NICs', node.macs.join(' ')],
    ['matched by', node.matchedBy.join('; ')],
    ['conflict', node.conflict],
    ['blocked', node.blocked && `${node.blocked.reason}\n                → ${node.blocked.remedy}`],
    [
      'verified',
      node.verified && `${node.verified.hostname}, ${node.verified.systemUuid}, ${node.verified.rootDisk}`,
    ],
  ];
  const known = facts.filter(([, value]) => value !== null && value !== '');
  const journal = node.journal
    .slice(-30)
    .map(
      (entry) =>
        `  ${new Date(entry.atMs).toISOString()}  ${entry.step} ${entry.phase} ${JSON.stringify(entry.detail)}`,
    );
  return [
    node.name,
    ...known.map(([key, value]) => `  ${key.padEnd(12)}  ${value}`),
    '',
    'Journal, newest last:',
    ...journal,
  ].join('\n');
}

async function decideNodes(
  context: CliContext,
  verb: 'approve' | 'reject',
  selector: readonly string[],
  options: NodesOptions,
): Promise<void> {
  await withCommands(context, options.site, async (commands, site) => {
    for (const node of await chosen(commands, site, selector)) {
      if (!options.dryRun) await commands[verb](node.name, userInfo().username);
      context.output.out(
        `${node.name} ${options.dryRun ? 'would be ' : ''}${verb === 'approve' ? 'approved' : 'rejected'}`,
      );
    }
  });
}

async function powerNode(
  context: CliContext,
  name: string,
  action: PowerAction,
  options: NodesOptions,
): Promise<void> {
  if (options.dryRun && action !== 'status')
    return context.output.out(`${name} would get "${action}" by its BMC`);
  const startedAtMs = Date.now();
  const { power } = await withCommands(context, options.site, (commands) => commands.power(name, action));
  context.output.out(`${name} is ${power} (${duration(Date.now() - startedAtMs)})`);
}
