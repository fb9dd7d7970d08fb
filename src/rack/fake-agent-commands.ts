import { randomUUID } from 'node:crypto';
import { reasonOf } from '../errors.ts';
import { AgentError, isAboutRequest } from './fake-agent-error.ts';
import type { AgentSession } from './fake-agent-session.ts';

export type CommandParams = Readonly<Record<string, unknown>>;

/**
 * One command of an agent extension. A `sync` one is answered when it is done; an `async` one at once with RUNNING,
 * and the agent forces a heartbeat when it ends. `check` refuses before anything starts (HTTP 400).
 */
export interface AgentCommand {
  readonly mode: 'sync' | 'async';
  readonly check?: (params: CommandParams) => void;
  readonly run: (params: CommandParams, session: AgentSession) => unknown;
}

/** `base.BaseCommandResult` as it is serialised. */
export interface CommandResult {
  readonly id: string;
  /** Without the extension: `execute_deploy_step`. */
  readonly command_name: string;
  command_status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CLEAN_VERSION_MISMATCH';
  command_error: unknown;
  command_result: unknown;
}

export type AgentExtensions = Readonly<Record<string, Readonly<Record<string, AgentCommand>>>>;

/** What the agent was told to do since it started: one command at a time, results kept in order. */
export class AgentCommands {
  readonly #results: CommandResult[] = [];
  readonly #running = new Map<string, Promise<void>>();
  readonly #extensions: AgentExtensions;
  readonly #session: AgentSession;

  constructor(extensions: AgentExtensions, session: AgentSession) {
    this.#extensions = extensions;
    this.#session = session;
  }

  results(): readonly CommandResult[] {
    return this.#results;
  }

  result(id: string): CommandResult {
    const found = this.#results.find((result) => result.id === id);
    if (!found)
      throw new AgentError('RequestedObjectNotFoundError', `Command Result with id ${id} not found.`);
    return found;
  }

  /** Resolves when the command has ended. */
  async join(id: string): Promise<void> {
    await this.#running.get(id);
  }

  /**
   * `base.ExecuteCommandMixin.execute_command`. Throws AgentError for a request that is wrong in itself or comes
   * while another command runs (409, which Ironic takes for "later"); a command's own failure is its result.
   */
  async execute(name: string, params: CommandParams): Promise<CommandResult> {
    const { command, commandName } = this.#find(name);
    const last = this.#results.at(-1);
    if (last?.command_status === 'RUNNING')
      throw new AgentError('AgentIsBusy', `executing command ${last.command_name}`);
    command.check?.(params);
    this.#session.host.record('agent-command', describe(name, params));
    const result: CommandResult = {
      id: randomUUID(),
      command_name: commandName,
      command_status: 'RUNNING',
      command_error: null,
      command_result: null,
    };
    const ended = this.#run(command, params, result);
    this.#results.push(result);
    this.#running.set(result.id, ended);
    if (command.mode === 'sync') await ended;
    return result;
  }

  #find(name: string): { command: AgentCommand; commandName: string } {
    const [extensionName = '', commandName] = name.split(/\.(.*)/s);
    if (commandName === undefined)
      throw new AgentError('InvalidCommandError', 'Command name must be of the form <extension>.<name>');
    const extension = this.#extensions[extensionName];
    if (!extension)
      throw new AgentError('RequestedObjectNotFoundError', `Extension with id ${extensionName} not found.`);
    const command = extension[commandName];
    if (!command) throw new AgentError('InvalidCommandError', `Unknown command: ${commandName}`);
    return { command, commandName };
  }

  async #run(command: AgentCommand, params: CommandParams, result: CommandResult): Promise<void> {
    try {
      const value = await command.run(params, this.#session);
      const prefix = command.mode === 'async' ? `${result.command_name}: ` : '';
      result.command_result = typeof value === 'string' ? { result: `${prefix}${value}` } : (value ?? null);
      result.command_status = 'SUCCEEDED';
    } catch (thrown) {
      const error =
        thrown instanceof AgentError ? thrown : new AgentError('CommandExecutionError', reasonOf(thrown));
      if (command.mode === 'sync' && isAboutRequest(error)) throw error;
      result.command_error = error;
      result.command_status = error.type === 'VersionMismatch' ? 'CLEAN_VERSION_MISMATCH' : 'FAILED';
      this.#session.host.record('agent-command-failed', `${result.command_name}: ${error.message}`);
    } finally {
      if (command.mode === 'async') this.#session.forceHeartbeat();
    }
  }
}

const describe = (name: string, params: CommandParams): string => {
  const step = params['step'];
  return typeof step === 'object' && step !== null && 'step' in step ? `${name} ${String(step.step)}` : name;
};
