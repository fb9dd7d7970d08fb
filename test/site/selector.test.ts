import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlackstartError } from '../../src/errors.ts';
import { globMatches } from '../../src/site/glob.ts';
import { parseSelector, selectNodes } from '../../src/site/selector.ts';
import { siteAttributes } from '../../src/site/views.ts';
import { siteOf } from './sites.ts';

const site = siteOf([
  'access:',
  'fleets: { cloud: { kind: kvm, nodes: role=compute } }\npolicies: { protect: [role=storage] }\naccess:',
]);
const observed: Record<string, string> = { n1: 'active', n2: 'deploy failed', s1: 'active' };
const select = (selectors: string | string[]) =>
  selectNodes(site.nodes, selectors, (node) => ({
    ...siteAttributes(site, node),
    state: observed[node.name] ?? null,
  })).map(({ name }) => name);

describe('a selector', () => {
  test.each<[string | string[], string[]]>([
    ['n1', ['n1']],
    ['n2,n1', ['n1', 'n2']],
    [
      ['s1', 'n1'],
      ['n1', 's1'],
    ],
    ['n*', ['n1', 'n2']],
    ['?1', ['n1', 's1']],
    ['all', ['n1', 'n2', 's1']],
    ['*', ['n1', 'n2', 's1']],
    ['rack=r2', ['n2', 's1']],
    ['rack=r2,role=compute', ['n2']],
    ['rack=r1,rack=r2', ['n1', 'n2', 's1']],
    ['rack=r2,n*', ['n2']],
    ['rack=r9', []],
    ['rack!=r1', ['n2', 's1']],
    ['name!=n1,role=compute', ['n2']],
    ['state=active', ['n1', 's1']],
    ['state=deploy failed', ['n2']],
    ['bootMode=uefi', ['s1']],
    ['bootMode!=uefi', ['n1', 'n2']],
    ['serial=sn1', ['n1']],
    ['image=deb*', ['n1', 'n2', 's1']],
    ['fleet=cloud', ['n1', 'n2']],
    ['protected=true', ['s1']],
    ['label.owner=ops team', ['n2']],
    ['label.owner=*', ['n2']],
    ['label.none=x', []],
    [' rack = r2 , role = storage ', ['s1']],
  ])('%j selects %j', (selectors, names) => {
    expect(select(selectors)).toEqual(names);
  });

  test.each([
    ['', '"" is neither a name nor KEY=VALUE'],
    ['n1,,n2', '"" is neither a name nor KEY=VALUE'],
    ['rack=', '"rack=" is neither a name nor KEY=VALUE'],
    ['rak=r1', 'there is no "rak" to select by; did you mean "rack"?'],
    ['colour=red', 'there is no "colour" to select by: name, rack, role, image, bootMode, serial'],
  ])('%j cannot be read', (text, reason) => {
    expect(() => select(text)).toThrow(
      expect.objectContaining({ code: 'E_SELECTOR', message: expect.stringContaining(reason) }),
    );
  });

  test('that names nobody is an error with a guess; a glob may be empty', () => {
    expect(() => select('n3')).toThrow(
      expect.objectContaining({
        code: 'E_NO_SUCH_NODE',
        message: 'there is no node "n3"; did you mean "n1"?',
      }),
    );
    expect(select('x*')).toEqual([]);
  });

  test('never throws anything but BlackstartError, and selects only what is there', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'nrs1=!,*? .') }), (text) => {
        expect(() => parseSelector(text)).not.toThrow();
        try {
          expect(['n1', 'n2', 's1']).toEqual(expect.arrayContaining(select(text)));
        } catch (error) {
          if (!(error instanceof BlackstartError)) throw error;
        }
      }),
    );
  });
});

test('a glob matches as the regular expression of the same meaning does, in linear time', () => {
  const alphabet = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 12 });
  const word = fc.string({ unit: fc.constantFrom('a', 'B', 'c'), maxLength: 12 });
  fc.assert(
    fc.property(alphabet, word, (pattern, text) => {
      const same = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i');
      expect(globMatches(pattern, text)).toBe(same.test(text));
    }),
    { numRuns: 1000 },
  );
  expect(globMatches(`${'*a'.repeat(30)}b`, 'a'.repeat(5000))).toBe(false);
});
