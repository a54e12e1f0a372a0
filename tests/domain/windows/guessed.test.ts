import { parseWindowQuestion } from '../../../domain/config/windows';
import { spanAt } from '../../../domain/windows/span';
import { seeded } from '../../support/seeded';

/*
 * Asks each minute by itself, with clocks of JavaScript in place of those of a library, and compares. Each zone has a
 * moment around which its clocks are set: by an hour, by half an hour, at midnight, or by a whole day.
 */
const ZONES: [zone: string, around: string][] = [
  ['UTC', '2026-12-31T00:00Z'],
  ['Europe/Berlin', '2027-03-28T01:00Z'],
  ['Europe/Berlin', '2027-10-31T01:00Z'],
  ['America/New_York', '2027-03-14T07:00Z'],
  ['Australia/Lord_Howe', '2027-04-03T15:00Z'],
  ['America/Santiago', '2027-09-05T04:00Z'],
  ['Asia/Jerusalem', '2027-03-26T00:00Z'],
  ['Asia/Kathmandu', '2026-02-28T18:15Z'],
  ['Pacific/Apia', '2011-12-30T10:00Z'],
];
const MINUTE = 60_000;
const DAYS = 16;

interface Asked {
  timezone: string;
  at: string;
  allow: { days: number[]; from: string; to: string }[];
  deny: { from: string; to: string }[];
}

class Clock {
  private readonly format: Intl.DateTimeFormat;
  constructor(timeZone: string) {
    this.format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  }
  /** `2026-12-02 09:00` */
  shows(at: number): string {
    return this.format.format(at);
  }
}

function isAllowed({ allow, deny }: Asked, clock: Clock, at: number): boolean {
  const [date = '', time = ''] = clock.shows(at).split(' ');
  const has = (edge: string): boolean => (edge.length === 10 ? date >= edge : at >= Date.parse(edge));
  if (deny.some(({ from, to }) => has(from) && !has(to))) return false;
  const today = new Date(`${date}T00:00Z`).getUTCDay() || 7;
  const yesterday = today === 1 ? 7 : today - 1;
  if (allow.length === 0) return true;
  return allow.some(({ days, from, to }) =>
    from < to
      ? days.includes(today) && time >= from && time < to
      : (days.includes(today) && time >= from) || (days.includes(yesterday) && time < to),
  );
}

function guess(random: () => number, timezone: string, around: string): Asked {
  const whole = (most: number): number => Math.floor(random() * most);
  const two = (number: number): string => String(number).padStart(2, '0');
  const time = (): string => `${two(whole(24))}:${two(whole(4) * 15)}`;
  const at = Date.parse(around) + (whole(4 * 1_440) - 3 * 1_440) * MINUTE;
  const allow = Array.from({ length: whole(4) }, () => ({
    days: [1, 2, 3, 4, 5, 6, 7].filter((day) => day === 7 || random() < 0.5),
    from: time(),
    to: random() < 0.1 ? '24:00' : time(),
  }));
  const deny = Array.from({ length: whole(3) }, () => {
    const from = at + (whole(6 * 1_440) - 2 * 1_440) * MINUTE;
    const to = from + (1_440 + whole(3 * 1_440)) * MINUTE;
    const word = (moment: number): string => new Date(moment).toISOString();
    return random() < 0.5
      ? { from: word(from), to: word(to) }
      : { from: word(from).slice(0, 10), to: word(to).slice(0, 10) };
  });
  return { timezone, at: new Date(at).toISOString(), allow, deny };
}

test.each(ZONES)('in %s around %s every answer is that of a clock asked minute by minute', (timezone, around) => {
  const random = seeded(11);
  const clock = new Clock(timezone);
  for (let round = 0; round < 12; round += 1) {
    const asked = guess(random, timezone, around);
    const parsed = parseWindowQuestion(asked);
    if ('mistakes' in parsed) throw new Error(JSON.stringify([asked, parsed.mistakes]));
    const { windows, at } = parsed.question;
    const minutes = Array.from({ length: DAYS * 1_440 }, (_, index) => at + index * MINUTE);
    const states = minutes.map((minute) => isAllowed(asked, clock, minute));
    const first = states.indexOf(true);
    const last = first < 0 ? -1 : states.indexOf(false, first);
    const [next, closes] = [minutes[first] ?? null, minutes[last] ?? null];
    const seen = spanAt(windows, at);
    expect([asked, { ...seen, ...(beyond(seen.closes, minutes) && { closes: null }) }]).toEqual([
      asked,
      { allowed: states[0], next, closes },
    ]);
  }
});

/** The clock was not asked about moments that come so late. */
function beyond(at: number | null, minutes: number[]): boolean {
  return at !== null && at > minutes.at(-1)!;
}
