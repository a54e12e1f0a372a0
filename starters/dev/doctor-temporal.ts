import type { Client } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../domain/names';
import { temporalSettings } from '../../domain/temporal-address';
import { formatCount } from '../../domain/units';
import { findWorkers } from '../asking/environment';
import { connect } from '../asking/client';
import { uiLink } from '../asking/client';
import type { Check } from '../render/checks';
import { taskQueue } from '../asking/scope';

const CALL_TIMEOUT = 5_000;
const KEYWORD = 2;

/** A check that others need stands before them. */
export async function examineTemporal(): Promise<Check[]> {
  const reached = await reach();
  if (!('client' in reached)) return [reached];
  const { client } = reached;
  try {
    const server = await examine('Temporal', client, describeServer, 'see its log');
    const namespace = await examine('namespace', client, describeNamespace, createNamespace());
    if (namespace.state === 'failed') return [server, namespace];
    const attributes = await examine('search attributes', client, describeAttributes, createAttributes());
    return [server, namespace, attributes, await examineWorkers(client), settingsHint()];
  } finally {
    await client.connection.close();
  }
}

async function reach(): Promise<{ client: Client } | Check> {
  try {
    return { client: await connect() };
  } catch (error) {
    const todo = 'start one here with `spillway dev`, or set TEMPORAL_ADDRESS';
    return { name: 'Temporal', state: 'failed', detail: messageIn(error), todo };
  }
}

async function examine(
  name: string,
  client: Client,
  look: (client: Client) => Promise<string>,
  todo: string,
): Promise<Check> {
  try {
    const detail = await client.connection.withDeadline(Date.now() + CALL_TIMEOUT, () => look(client));
    return { name, state: 'ok', detail };
  } catch (error) {
    return { name, state: 'failed', detail: messageIn(error), todo };
  }
}

async function describeServer({ workflowService }: Client): Promise<string> {
  const { serverVersion } = await workflowService.getSystemInfo({});
  const { address } = temporalSettings(process.env);
  const ui = uiLink('');
  return `server ${serverVersion} answers at ${address}${ui ? `, Web UI ${new URL(ui).origin}` : ''}`;
}

async function describeNamespace({ workflowService, options }: Client): Promise<string> {
  const { config } = await workflowService.describeNamespace({ namespace: options.namespace });
  const days = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400;
  return `"${options.namespace}" is there and keeps ended workflows for ${formatCount(days, 'day')}`;
}

async function describeAttributes({ connection, options }: Client): Promise<string> {
  const { customAttributes = {} } = await connection.operatorService.listSearchAttributes({
    namespace: options.namespace,
  });
  const names = Object.values(SEARCH_ATTRIBUTES);
  const missing = names.filter((name) => customAttributes[name] === undefined);
  const wrong = names.filter((name) => customAttributes[name] !== undefined && customAttributes[name] !== KEYWORD);
  if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
  if (wrong.length > 0) throw new Error(`expected the type Keyword, seen another for ${wrong.join(', ')}`);
  return `all ${names.length} are there`;
}

async function examineWorkers(client: Client): Promise<Check> {
  const name = 'worker';
  try {
    const workers = await findWorkers(client);
    if (workers.length > 0) return { name, state: 'ok', detail: `${workers.join(', ')} on "${taskQueue()}"` };
    const todo = 'start one with `spillway worker`, or set SPILLWAY_TASK_QUEUE here as it is set there';
    return { name, state: 'failed', detail: `none asks for work on the task queue "${taskQueue()}"`, todo };
  } catch (error) {
    return { name, state: 'failed', detail: messageIn(error) };
  }
}

// These settings can only be felt: without them a step takes 100 ms instead of 10.
function settingsHint(): Check {
  return {
    name: 'speed',
    state: 'note',
    detail: 'whether this Temporal is tuned cannot be seen from here',
    todo:
      'on a server of your own set system.enableActivityEagerExecution=true and ' +
      'history.timerProcessorMaxTimeShift="1ms" in its dynamic configuration; `spillway dev` does',
  };
}

function createNamespace(): string {
  const { namespace, address } = temporalSettings(process.env);
  return `\`temporal operator namespace create --namespace ${namespace} --address ${address}\`, or set TEMPORAL_NAMESPACE`;
}

function createAttributes(): string {
  const options = Object.values(SEARCH_ATTRIBUTES).map((name) => `--name ${name}`);
  return (
    'a worker makes them when it starts; where it may not, ' +
    `\`temporal operator search-attribute create ${options.join(' ')} --type Keyword\``
  );
}

function messageIn(error: unknown): string {
  const details = (error as { details?: unknown }).details;
  if (typeof details === 'string' && details !== '') return details;
  return error instanceof Error ? error.message : String(error);
}
