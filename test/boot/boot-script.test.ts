import { rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { createBootApp } from '../../src/boot/serve-http.ts';
import { aNode, UNDERCLOUD } from '../core/boot-samples.ts';
import { aSegment, someArtefacts } from './a-segment.ts';

const { folder, artefacts } = someArtefacts();
afterAll(() => rmSync(folder, { recursive: true }));

const script = async (setup: object, arch = 7) => {
  const { segment, events } = aSegment({ artefacts, ...setup });
  const response = await createBootApp(segment).inject(`/boot/${arch}/52-54-00-99-00-01.ipxe`);
  return { status: response.statusCode, lines: response.body.split('\n'), events };
};

test('an unknown machine boots the agent, which calls this seed first and then Ironic', async () => {
  const { lines, events } = await script({});
  expect(lines.slice(0, 5)).toEqual([
    '#!ipxe',
    '# unknown machine: discovery',
    'kernel http://127.0.0.1:8080/agent/kernel initrd=agent.initramfs ' +
      'ipa-inspection-callback-url=http://127.0.0.1:8080/v1/discovery ipa-inspection-collectors=default,pci-devices ' +
      'ipa-api-url=http://127.0.0.1:6385 ipa-lookup-timeout=21600 BOOTIF=52:54:00:99:00:01 ' +
      'nofb nomodeset site=1 || goto failed',
    'initrd --name agent.initramfs http://127.0.0.1:8080/agent/initramfs || goto failed',
    'boot || goto failed',
  ]);
  expect(events).toMatchObject([{ stage: 'script', decision: 'agent', mac: '52:54:00:99:00:01', arch: 7 }]);
});

test('Ironic’s boot file is chained into', async () => {
  const { lines } = await script({ nodes: [aNode()], intent: UNDERCLOUD });
  expect(lines[2]).toBe(
    'chain --replace --autofree http://127.0.0.1:8080/ironic/pxelinux.cfg/52-54-00-99-00-01 || goto failed',
  );
});

test.each([
  ['BIOS', 0, 'sanboot --no-describe --drive 0x80 || exit 1'],
  ['UEFI', 7, 'exit 1'],
])('the local disk of a %s machine', async (_, arch, line) => {
  const { lines } = await script({ nodes: [aNode()] }, arch);
  expect(lines).toEqual(['#!ipxe', '# node n1: no boot intent', line, '']);
});

test('a rejected machine gets no script', async () => {
  const { status, lines } = await script({ nodes: [aNode({ approval: 'rejected' })] });
  expect([status, lines[0]]).toEqual([404, 'node n1 was rejected']);
});

test('a node’s kernel arguments cannot start another iPXE command', async () => {
  const intent = { kind: 'deploy', expiresAtMs: Date.now() + 9999, reason: 'a\nreason' };
  const { lines } = await script({ nodes: [aNode({ kernelArgs: 'a=1\nshell' })], intent });
  expect(lines[1]).toBe('# deploy: a reason');
  expect(lines[2]).toContain(' a=1 shell || goto failed');
});
