import { describe, expect, test } from 'vitest';
import {
  BUSY_STATES,
  eventOf,
  FAILED_STATES,
  isProvisionState,
  LOST_WITH_CONDUCTOR,
  PROVISION_STATES,
  type ProvisionState,
  type ProvisionVerb,
  TRANSITIONS,
  verbsFrom,
} from '../../src/core/provision-states.ts';

const states = Object.keys(PROVISION_STATES) as ProvisionState[];

/** Follows verbs and Ironic's own events, and returns every state on the way. */
function walk(from: ProvisionState, ...events: string[]): ProvisionState[] {
  const seen = [from];
  for (const event of events) {
    const next = (TRANSITIONS[seen.at(-1) as ProvisionState] as Record<string, ProvisionState>)[event];
    expect(next, `${seen.at(-1)} has no ${event}`).toBeDefined();
    seen.push(next as ProvisionState);
  }
  return seen;
}

describe('provision states', () => {
  test('there are the 32 that Ironic has, each with a sentence', () => {
    expect(states).toHaveLength(32);
    for (const state of states) expect(PROVISION_STATES[state]).toMatch(/^[A-Z].*[^.]\.$/);
  });

  test('a bring-up walks from enroll to active', () => {
    const up = walk(
      'enroll',
      'manage',
      'done',
      'inspect',
      'wait',
      'resume',
      'done',
      'provide',
      'wait',
      'resume',
    );
    expect(up.at(-1)).toBe('cleaning');
    expect(walk('cleaning', 'done', 'deploy', 'wait', 'resume', 'done').at(-1)).toBe('active');
  });

  test('no state is busy and failed at once', () => {
    expect([...BUSY_STATES].filter((state) => FAILED_STATES.has(state))).toEqual([]);
  });

  test('from every failed state something can be asked', () => {
    for (const state of FAILED_STATES) expect(verbsFrom(state), state).not.toEqual([]);
  });

  test('every verb is possible somewhere', () => {
    const possible = new Set(states.flatMap(verbsFrom));
    expect([...possible].sort()).toEqual(
      [
        'abort',
        'active',
        'adopt',
        'clean',
        'deleted',
        'inspect',
        'manage',
        'provide',
        'rebuild',
        'rescue',
      ].concat(['service', 'unhold', 'unrescue']),
    );
  });

  test.each<[ProvisionState, ProvisionVerb[]]>([
    ['enroll', ['manage']],
    ['manageable', ['inspect', 'provide', 'clean', 'adopt']],
    ['available', ['manage', 'active']],
    ['active', ['rebuild', 'deleted', 'rescue', 'service']],
    ['cleaning', []],
    ['deleting', []],
  ])('in %s one may ask for %j', (state, verbs) => {
    expect(verbsFrom(state)).toEqual(verbs);
  });

  test('a conductor that dies turns what it worked on into what its own "fail" does', () => {
    for (const [state, lost] of Object.entries(LOST_WITH_CONDUCTOR)) {
      expect(TRANSITIONS[state as ProvisionState].fail).toBe(lost);
    }
  });

  test('a state that a newer undercloud invents is known to be unknown', () => {
    expect(isProvisionState('levitating')).toBe(false);
    expect(verbsFrom('levitating')).toEqual([]);
    expect(isProvisionState('toString')).toBe(false);
  });

  test('two verbs have other names inside Ironic', () => {
    expect(eventOf('active')).toBe('deploy');
    expect(eventOf('deleted')).toBe('delete');
    expect(eventOf('inspect')).toBe('inspect');
  });
});
