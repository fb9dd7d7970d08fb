/** What is used of npm's `tftp` 0.1.2, which has no types of its own. */
declare module 'tftp' {
  interface Emitter {
    on(
      event: string,
      listener: (request: { on(event: string, listener: () => void): void }) => void,
    ): unknown;
  }

  export function createServer(options: object): Emitter & { listen(): void };
}
