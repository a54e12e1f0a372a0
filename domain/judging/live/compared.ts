import { countAt } from '../counters';
import { otherSlot, type Slot } from '../../release';
import type { Latency, RouterCounters, SlotCounters } from '../../router';
import type { Increment } from '../statistics/sequential';
import type { LatencyIncrement } from '../statistics/sequential-latency';

export interface ServiceIncrement {
  errors: Increment;
  latency: LatencyIncrement;
}

export function compared(slots: RouterCounters['slots'], slot: Slot): Record<string, ServiceIncrement> {
  const [own, live] = [slots[slot], slots[otherSlot(slot)]];
  const both = Object.keys(own).filter((name) => live[name]);
  return Object.fromEntries(both.map((name) => [name, incrementOf(live[name]!, own[name]!)] as const));
}

function incrementOf(live: SlotCounters, own: SlotCounters): ServiceIncrement {
  const bounds = own.latency.map(({ upTo }) => upTo);
  const counts = (latency: Latency): number[] => bounds.map((upTo) => countAt(latency, upTo));
  return {
    errors: { baseline: countOf(live), canary: countOf(own) },
    latency: { bounds, baseline: counts(live.latency), canary: counts(own.latency) },
  };
}

// A request may be counted one sample before its answer breaks off, so errors may exceed requests.
function countOf({ requests, errors }: SlotCounters): Increment['canary'] {
  return { bad: errors, total: Math.max(requests, errors) };
}
