import { type ProvisionState, TRANSITIONS } from '../../src/core/provision-states.ts';
import type { Ironic } from '../../src/ironic/client.ts';
import type { InspectDeps } from '../../src/ironic/inspect-running-agent.ts';
import type { IronicNode, IronicPort, PatchOperation } from '../../src/ironic/types.ts';

type Used = InspectDeps['ironic'];

/** One node of an Ironic in memory, with its states, its agent's token, and a crash at the call that one chooses. */
export class FakeIronic implements Used {
  state: ProvisionState = 'manageable';
  driver = 'redfish';
  power = 'redfish';
  token: string | null = null;
  agentHas: string | null = null;
  poweredOff = 0;
  inspections = 0;
  calls = 0;
  readonly ports: IronicPort[] = [];
  /** The call that is made and never returns, as when the seed is killed in it; 0 for none. */
  crashAfter = 0;
  /** The call before which the seed is killed. */
  crashBefore = 0;

  async node(): Promise<IronicNode> {
    return this.#call(() => this.#view());
  }

  async patchNode(_: string, patch: readonly PatchOperation[]): Promise<IronicNode> {
    return this.#call(() => {
      for (const { op, path, value } of patch) {
        if (path === '/driver') this.driver = String(value);
        if (path === '/power_interface') this.power = op === 'remove' ? this.driver : String(value);
      }
      return this.#view();
    });
  }

  async setProvisionState(...[, verb]: Parameters<Ironic['setProvisionState']>): Promise<void> {
    await this.#call(() => {
      if (verb === 'inspect') {
        // Ironic 39: token and URL go, the machine is switched off and on, then the inventory is awaited.
        this.token = null;
        if (this.power !== 'fake') this.poweredOff += 1;
        this.#move('inspect');
        this.#move('wait');
      } else this.#move(verb === 'manage' ? 'manage' : 'fail');
    });
  }

  async portByAddress(address: string): Promise<IronicPort | null> {
    return this.#call(() => this.ports.find((port) => port.address === address) ?? null);
  }

  async createPort({ address, node_uuid }: { address: string; node_uuid: string }): Promise<IronicPort> {
    return this.#call(() => {
      if (this.ports.some((port) => port.address === address)) throw new Error('A port already exists');
      const port = {
        uuid: `p-${address}`,
        node_uuid,
        address,
        pxe_enabled: true,
        local_link_connection: {},
        extra: {},
      };
      this.ports.push(port);
      return port;
    });
  }

  async continueInspection(): Promise<string> {
    return this.#call(() => {
      if (this.state !== 'inspect wait') throw new Error('404');
      this.#move('resume');
      this.#move('done');
      this.inspections += 1;
      return 'u-1';
    });
  }

  /** The agent's own lookup, which it repeats until there is a port; it keeps the first token it gets. */
  #agentLooksUp(): void {
    if (this.agentHas !== null || this.ports.length === 0) return;
    this.token = 'token-1';
    this.agentHas = this.token;
  }

  async #call<T>(work: () => T): Promise<T> {
    this.calls += 1;
    if (this.calls === this.crashBefore) throw new Error('killed');
    const result = work();
    this.#agentLooksUp();
    if (this.calls === this.crashAfter) throw new Error('killed');
    return result;
  }

  #move(event: string): void {
    const next = (TRANSITIONS[this.state] as Partial<Record<string, ProvisionState>>)[event];
    if (next === undefined) throw new Error(`no "${event}" from "${this.state}"`);
    this.state = next;
  }

  #view(): IronicNode {
    return {
      uuid: 'u-1',
      name: 'lab-1',
      driver: this.driver,
      driver_info: {},
      driver_internal_info: this.token === null ? {} : { agent_secret_token: '******' },
      properties: {},
      instance_info: {},
      extra: {},
      provision_state: this.state,
      target_provision_state: null,
      provision_updated_at: null,
      power_state: 'power on',
      target_power_state: null,
      last_error: null,
      maintenance: false,
      maintenance_reason: null,
      fault: null,
      reservation: null,
      resource_class: null,
      inspection_finished_at: null,
      power_interface: this.power,
      management_interface: this.power,
      boot_interface: 'ipxe',
      deploy_interface: 'direct',
      inspect_interface: 'agent',
    };
  }
}
