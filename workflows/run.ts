import { condition } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { Step } from '../activities/steps';
import type { Services } from '../domain/judging/counters';
import type { Watched } from '../domain/containers/exits';
import { messageOf } from '../domain/failures';
import { refOf } from '../domain/kinds';
import { isAlive } from '../domain/live-state';
import type { LiveState } from '../domain/live-state';
import type { Live, Phase, PhaseRecord, Slot } from '../domain/release';
import type { ReleaseRequest, Request } from '../domain/request';
import type { CarriedState } from '../domain/judging/soak/state';
import { Control } from './control';
import { UndoStack } from './undo-stack';

/** What the phases share, whatever was asked for. */
export interface Run<R extends Request = Request> {
  request: R;
  /** What every step is told. */
  step: Step;
  control: Control;
  undos: UndoStack;
  /** What serves the traffic; null until the first release of an environment has done so. */
  live: Live | null;
  /** What became of that before; absent when nobody said. */
  found?: LiveState;
}

/** What the phases of a release share. */
export interface ReleaseRun extends Run<ReleaseRequest> {
  /** Where the new version goes. */
  slot: Slot;
  /** How its containers ran when they were healthy: all that follows is compared with that. */
  deployed: Watched[] | undefined;
  /** What will serve it after; known once the images are. */
  next: Live | null;
  /** What the last soak knew; the next goes on with it. */
  carried: CarriedState | null;
  /** What was counted of the live version while it was compared; the bake has nothing else to compare with. */
  recorded: Services | null;
}

/** What an environment gives the workflow of every kind of request. */
export interface WorkInput<R = Request> {
  request: R;
  /** What the environment says is live. */
  live: Live | null;
  /** With which it takes the environment; absent when an earlier version of Spillway began it. */
  generation?: number;
}

/** Begins to answer for a request: it is asked how it goes, and told what to do, from here on. */
export function begin<R extends Request>({ request, live, generation }: WorkInput<R>): Run<R> {
  const control = new Control(request, live);
  control.listen();
  return { request, step: stepOf(request, generation), control, undos: new UndoStack(), live };
}

/** What every step of a request is told. */
export function stepOf(request: Request, generation?: number): Step {
  const { config, projectDirectory } = request;
  return { release: refOf(request), ...(generation && { generation }), config, projectDirectory };
}

/** Whether the live version does not serve, so that there is nothing to compare with and nothing to ask. */
export function isLiveDead({ found }: Run): boolean {
  return found !== undefined && !isAlive(found);
}

/** Runs a phase: nothing of it before a pause is over, and its record says how it went. */
export async function phase<T>(run: Run, name: Phase, body: (record: PhaseRecord) => Promise<T>): Promise<T> {
  const { control } = run;
  await pauseIsOver(run);
  const record: PhaseRecord = { phase: name, state: 'running', startedAt: Date.now() };
  control.status.phases.push(record);
  control.entered(name);
  try {
    const answer = await body(record);
    record.state = 'done';
    return answer;
  } catch (error) {
    record.state = 'failed';
    record.detail = control.stop?.why ?? messageOf(error);
    throw error;
  } finally {
    record.endedAt = Date.now();
    control.changed();
  }
}

/** Notes that a phase had nothing to do, and why. */
export function skip({ control }: Run, name: Phase, detail: string): void {
  control.status.phases.push({ phase: name, state: 'skipped', startedAt: Date.now(), endedAt: Date.now(), detail });
  control.changed();
}

/** Runs an activity with a line about it in the Web UI's history. */
export function summarised<I, O>(
  activity: { executeWithOptions(options: ActivityOptions, args: [I]): Promise<Awaited<O>> },
  summary: string,
  input: I,
): Promise<Awaited<O>> {
  return activity.executeWithOptions({ summary }, [input]);
}

/** Waits while the release is paused. */
export async function pauseIsOver({ control }: Run): Promise<void> {
  if (!control.paused) return;
  control.ask({ for: 'resume' });
  await condition(() => !control.paused);
  control.asked();
}
