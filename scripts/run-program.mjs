import { spawn } from 'node:child_process';

/**
 * Runs a program to its end. Resolves with its exit code and output (128 + 15 or so when a signal ended it; 127 when
 * it is not there). Ctrl-C reaches it from the terminal by itself; this process waits for it, so as to clean up after.
 */
export function runProgram(program, args, { env = process.env, cwd, show = false } = {}) {
  return new Promise((resolve) => {
    const stdio = show ? 'inherit' : ['ignore', 'pipe', 'pipe'];
    const child = spawn(program, args, { env, cwd, stdio });
    let output = '';
    let stdout = '';
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      output += chunk;
    });
    const wait = () => {};
    const forward = () => child.kill('SIGTERM');
    process.on('SIGINT', wait).on('SIGTERM', forward);
    const end = (exitCode) => {
      process.off('SIGINT', wait).off('SIGTERM', forward);
      resolve({ exitCode, stdout, output });
    };
    child.on('error', (error) => {
      output += error.message;
      end(127);
    });
    child.on('close', (exitCode, signal) => end(exitCode ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

/** The last lines of a program's output, which is where it says why it failed. */
export const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n');
