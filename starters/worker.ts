import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import type { Command } from 'commander';

export function registerWorker(program: Command): void {
  program
    .command('worker')
    .description('Runs the process that carries out releases; any number of them may run, one being enough.')
    .addHelpText(
      'after',
      `
It logs JSON lines to standard output. SIGTERM drains it: running steps may finish, nothing new is taken.

Variables of its environment:
  TEMPORAL_ADDRESS         HOST:PORT of Temporal (127.0.0.1:7233); TEMPORAL_NAMESPACE, TEMPORAL_API_KEY and
                           TEMPORAL_TLS_… as for Temporal’s own tools
  SPILLWAY_TASK_QUEUE      task queue (spillway)
  SPILLWAY_HEALTH_PORT     port for /healthz and /readyz; none when absent
  SPILLWAY_LOG_LEVEL       trace, debug, info, warn, error, fatal or silent (info)
  SPILLWAY_SHUTDOWN_GRACE  how long running steps may go on after SIGTERM, such as 30s (10s)
  SPILLWAY_WORKER_STATE    folder that only the worker may read (~/.local/state/spillway)
  DOCKER_HOST              engine of targets without a host, and every variable that a secret of spillway.yaml names

Examples:
  spillway worker
  SPILLWAY_HEALTH_PORT=9090 TEMPORAL_ADDRESS=temporal.internal:7233 spillway worker

Exit codes: 0 drained · 64 wrong configuration · 69 Temporal does not answer · 70 a mistake in Spillway`,
    )
    .action(runWorker);
}

/** This process must not load the worker's libraries, so the worker is a process of its own. */
async function runWorker(): Promise<void> {
  const main = join(__dirname, '..', 'workers', `main${extname(__filename)}`);
  const child = spawn(process.execPath, [...process.execArgv, main], { stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  // A terminal sends Ctrl-C to the worker too; a second signal would make it hurry.
  const ignore = (): void => undefined;
  process.on('SIGTERM', pass).on('SIGINT', process.stdin.isTTY ? ignore : pass);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  process.exitCode = code ?? 128 + (signal === 'SIGKILL' ? 9 : 15);
}
