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

export interface Run<R extends Request = Request> {
  request: R;
  step: Step;
  control: Control;
  undos: UndoStack;
  /** Null until a first release has served the traffic. */
  live: Live | null;
  /** Absent when nobody looked at the live version. */
  found?: LiveState;
}

export interface ReleaseRun extends Run<ReleaseRequest> {
  slot: Slot;
  /** Remembers how its containers ran when they were healthy; later looks are compared with that. */
  deployed: Watched[] | undefined;
  /** Null until the images are known. */
  next: Live | null;
  /** The next soak goes on with what the last one knew. */
  carried: CarriedState | null;
  /** Counts of the live version while it was compared; the bake has nothing else to compare with. */
  recorded: Services | null;
}

export interface WorkInput<R = Request> {
  request: R;
  live: Live | null;
  generation?: number;
}

/** Makes the run, which answers queries and messages from here on. */
export function begin<R extends Request>({ request, live, generation }: WorkInput<R>): Run<R> {
  const control = new Control(request, live);
  control.listen();
  return { request, step: stepOf(request, generation), control, undos: new UndoStack(), live };
}

export function stepOf(request: Request, generation?: number): Step {
  const { config, projectDirectory } = request;
  return { release: refOf(request), ...(generation && { generation }), config, projectDirectory };
}

/** True when the live version does not serve, so that there is nothing to compare with or to ask. */
export function isLiveDead({ found }: Run): boolean {
  return found !== undefined && !isAlive(found);
}

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

export async function pauseIsOver({ control }: Run): Promise<void> {
  if (!control.paused) return;
  control.ask({ for: 'resume' });
  await condition(() => !control.paused);
  control.asked();
}
