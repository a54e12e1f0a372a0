import type { temporal } from '@temporalio/proto';

export interface ActivityTime {
  activity: string;
  /** Milliseconds since the epoch; absent while it runs. */
  ended?: number;
}

/** Every activity of a history, in the order in which they were scheduled. */
export function activityTimes({ events }: temporal.api.history.v1.IHistory): ActivityTime[] {
  const byId = new Map<string, ActivityTime>();
  for (const event of events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) byId.set(String(event.eventId), { activity: scheduled.activityType?.name ?? '' });
    const end =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskCanceledEventAttributes ??
      event.activityTaskTimedOutEventAttributes;
    const step = end && byId.get(String(end.scheduledEventId));
    if (step) step.ended = milliseconds(event.eventTime);
  }
  return [...byId.values()];
}

function milliseconds(time: temporal.api.history.v1.IHistoryEvent['eventTime']): number {
  return Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
}
