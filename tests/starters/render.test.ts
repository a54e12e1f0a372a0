import type { LedgerEntry, MetricVerdict, ReleaseStatus } from '../../domain/release';
import { coloursFor } from '../../starters/output';
import type { Out } from '../../starters/output';
import { describe as describeStatus } from '../../domain/details';
import { judgedInWords } from '../../starters/render/judged';
import { renderEvents } from '../../starters/render/events';
import { renderHistory, renderHistoryMarkdown } from '../../starters/render/history';
import { renderSummary } from '../../starters/render/summary';
import { cutLine, textTable } from '../../starters/render/table';
import { renderTree } from '../../starters/render/tree';
import { exitCodeOf } from '../../starters/render/words';
import { liveScreen, plainLines } from '../../starters/following/screen';

const plain = coloursFor({}, {});
const coloured = coloursFor({ isTTY: true }, {});
const AT = Date.UTC(2026, 10, 21, 10, 15);

const RUNNING: ReleaseStatus = {
  release: { app: 'shop', environment: 'production', id: '20261121-101500-1.3.0-k3v9', version: '1.3.0' },
  state: 'running',
  phase: 'canary',
  phases: [
    { phase: 'preflight', state: 'done', startedAt: AT, endedAt: AT + 320, detail: '12 checks passed' },
    { phase: 'build', state: 'skipped', startedAt: AT, endedAt: AT, detail: 'as asked' },
    { phase: 'canary', state: 'running', startedAt: AT + 1_000 },
  ],
  undos: [{ label: 'all traffic to blue', state: 'pending' }],
  messages: [],
  slot: 'green',
  share: 10,
  judgement: { verdict: 'pass', reason: 'error rate 0 % ≤ 5 %' },
  who: 'alice',
  note: '',
  startedAt: AT,
  leftovers: [],
};

describe('the picture of a release', () => {
  const picture = (status: Partial<ReleaseStatus>, around = {}): string =>
    renderTree({ ...RUNNING, ...status }, { now: AT + 5_200, ...around }, plain).join('\n');

  it('has phases with durations, what comes, share, judgement and the address of the Web UI', () => {
    expect(picture({}, { link: 'http://127.0.0.1:8233/x' })).toBe(
      [
        'shop 1.3.0 → production  20261121-101500-1.3.0-k3v9 by alice, 5.2 s',
        '  ✓ preflight     320 ms  12 checks passed',
        '  – build        skipped  as asked',
        '  ▸ canary         4.2 s',
        '    then approve → switch → verify → bake → drain → retire',
        '  1.3.0 is in green and gets 10 % of the traffic',
        '  judged pass: error rate 0 % ≤ 5 %',
        '  http://127.0.0.1:8233/x',
      ].join('\n'),
    );
  });

  it('says who paused it and why, and how it goes on', () => {
    const pause = { name: 'pause' as const, who: 'bob', why: 'look at it', at: AT };
    const text = picture({ state: 'paused', messages: [pause, { ...pause, who: 'carol', refused: 'it is paused' }] });
    expect(text).toContain('  paused by bob: look at it\n    spillway resume --app shop -e production');
  });

  it('says how to approve while that is what it waits for', () => {
    const text = picture({ phase: 'approve', waitingFor: 'approval by bob until 14:05' });
    expect(text).toContain('waiting for approval by bob until 14:05');
    expect(text).toContain('spillway approve --app shop -e production');
  });

  it('shows the undos and why while it undoes', () => {
    const undos: ReleaseStatus['undos'] = [
      { label: 'all traffic to blue', state: 'done' },
      { label: 'remove 1.3.0 from green', state: 'running' },
    ];
    const text = picture({ state: 'undoing', why: 'error rate 20 % > 5 %', undos });
    expect(text).toContain('✓ all traffic to blue');
    expect(text).toContain('▸ remove 1.3.0 from green');
    expect(text).toContain('error rate 20 % > 5 %');
    expect(text).not.toContain('then approve');
  });

  it('says since when no worker answers', () => {
    expect(picture({}, { silence: { why: 'no worker answers', lasts: 12_000 } })).toContain(
      'no worker answers since 12 s',
    );
  });
});

describe('the lines of a release', () => {
  it('tell everything so far at the first look, and only what is new at the next', () => {
    expect(renderEvents(undefined, RUNNING)).toEqual([
      'releasing shop 1.3.0 → production (20261121-101500-1.3.0-k3v9) by alice',
      'preflight done in 320 ms: 12 checks passed',
      'build skipped: as asked',
      '1.3.0 gets 10 % of the traffic',
      'judged pass: error rate 0 % ≤ 5 %',
    ]);
    expect(renderEvents(RUNNING, RUNNING)).toEqual([]);
    expect(renderEvents(RUNNING, { ...RUNNING, share: 50, waitingFor: 'promote or reject' })).toEqual([
      '1.3.0 gets 50 % of the traffic',
      'waiting for promote or reject: spillway promote --app shop -e production',
    ]);
  });

  it('tell once why it goes back: by the phase that failed, or else by the undo', () => {
    const why = 'expected to build web:1.3.0; its last lines were:\nmake: error';
    const failed = { phase: 'build', state: 'failed', detail: why, startedAt: 0, endedAt: 10 } as const;
    const undoing = { ...RUNNING, state: 'undoing', why } as const;
    expect(renderEvents(RUNNING, { ...undoing, phases: [...RUNNING.phases, failed] })).toEqual([
      `build failed in 10 ms: ${why}`,
      'undoing',
    ]);
    expect(renderEvents(RUNNING, { ...undoing, why: 'aborted by bob' })).toEqual(['undoing: aborted by bob']);
  });

  it('keep a link whole on a narrow terminal, and are drawn over all of its rows [proves ui]', () => {
    let written = '';
    const stream = { columns: 60, rows: 24, write: (text: string) => ((written = text), true) };
    const screen = liveScreen(stream as unknown as NodeJS.WriteStream);
    const link = `http://127.0.0.1:8233/namespaces/default/workflows/${'release%2F'.repeat(5)}`;
    screen.update(RUNNING, { now: 0, link });
    expect(written).toContain(link);
    const rows = written.trimEnd().split('\n').length + 1;
    screen.update({ ...RUNNING, share: 42 }, { now: 0, link });
    expect(written.startsWith(`\u001b[${rows}A\u001b[J`)).toBe(true);
  });

  it('tell of a step that is tried again when it says something new, and else ever more seldom', () => {
    const printed: string[] = [];
    const screen = plainLines({ print: (line: string) => void printed.push(line) } as Out);
    const see = (attempt: number, why: string) =>
      screen.update(undefined, {
        now: 0,
        trouble: { step: 'deploySlot', attempt, why },
      });
    for (let attempt = 2; attempt <= 50; attempt++) see(attempt, 'no room');
    see(51, 'no engine');
    see(52, 'no engine');
    expect(printed.map((line) => line.replace(/.*attempt /, ''))).toEqual([
      ...[2, 5, 10, 20, 40].map((attempt) => `${attempt}): no room`),
      '51): no engine',
    ]);
  });

  it('tell of a phase that is under way only once it has been for a while', () => {
    const printed: string[] = [];
    const screen = plainLines({ print: (line: string) => void printed.push(line) } as Out);
    for (const now of [0, 2_900]) screen.update(RUNNING, { now });
    expect(printed).not.toContain('canary …');
    for (const now of [3_000, 9_000]) screen.update(RUNNING, { now });
    expect(printed.filter((line) => line === 'canary …')).toHaveLength(1);
  });

  it('begin with what is released, and where to watch it', () => {
    const printed: string[] = [];
    const screen = plainLines({ print: (line: string) => void printed.push(line) } as Out);
    screen.update(RUNNING, { now: 0, link: 'http://temporal/release' });
    expect(printed.slice(0, 2)).toEqual([expect.stringMatching(/^releasing shop/), 'http://temporal/release']);
  });

  it('tell each message once, also after the oldest were dropped from the list', () => {
    const message = (name: string, at: number) => ({ name, who: 'bob', why: '', at });
    const before = { ...RUNNING, messages: [message('pause', 1), message('resume', 2)] };
    const now = {
      ...RUNNING,
      messages: [message('resume', 2), { ...message('promote', 3), refused: 'nothing soaks' }],
    };
    expect(renderEvents(before, now)).toEqual(['promote by bob — refused: nothing soaks']);
  });
});

describe('the last word', () => {
  it('does not repeat the log of a container that lines before it told', () => {
    const why = 'expected 1.3.0 to be healthy, seen:\nweb.blue-1 ended\nlast lines of its log';
    const ended = { ...RUNNING, state: 'ended', outcome: 'rolled back', why, endedAt: AT } as const;
    expect(renderSummary(ended, plain)).toContain('last lines of its log');
    expect(renderSummary(ended, plain, { isTold: true })).toMatch(
      /healthy, seen: web.blue-1 ended\n {2}nothing is live$/,
    );
  });

  it('names failed undos, what waits for them, and both ways on', () => {
    const undos: ReleaseStatus['undos'] = [
      { label: 'remove 1.3.0 from green', state: 'failed', failure: 'the engine does not answer' },
      { label: 'revert migrations 002', state: 'pending' },
    ];
    const text = renderSummary({ ...RUNNING, state: 'needs a hand', undos }, plain);
    expect(text).toContain('- remove 1.3.0 from green: the engine does not answer');
    expect(text).toContain('- revert migrations 002');
    expect(text).toContain('spillway retry --app shop -e production');
    expect(text).toContain('spillway resolved --app shop -e production');
  });

  it('lists what was left over', () => {
    const ended = { ...RUNNING, state: 'ended', outcome: 'released', endedAt: AT + 60_000 } as const;
    expect(renderSummary({ ...ended, leftovers: ['image shop:1.1.0'] }, plain)).toBe(
      'shop 1.3.0 → production: released after 1 min\n  left over: image shop:1.1.0',
    );
  });

  it.each([
    ['released', 0],
    ['unchanged', 0],
    ['refused', 1],
    ['rolled back', 1],
    ['resolved by hand', 1],
    ['terminated', 1],
  ] as const)('of a release that ended %s means exit code %d', (outcome, code) => {
    expect(exitCodeOf({ state: 'ended', outcome })).toBe(code);
    expect(exitCodeOf({ state: 'ended', outcome: 'refused', unreachable: true })).toBe(69);
    expect(exitCodeOf({ state: 'needs a hand' })).toBe(2);
    expect(exitCodeOf({ state: 'running' })).toBeUndefined();
  });
});

describe('how it was judged', () => {
  const metric = (name: string, label: MetricVerdict['label']): MetricVerdict => ({
    ...{ name, label, critical: false, interval: null, shift: null, deviation: null },
    reason: `numbers of ${name}`,
  });
  const judged = (...labels: MetricVerdict['label'][]): ReleaseStatus => ({
    ...RUNNING,
    judgement: {
      verdict: 'pass',
      reason: 'all is well',
      metrics: labels.map((label, index) => metric(`m${index}`, label)),
    },
    judged: [
      {
        name: 'canary-10',
        share: 10,
        judgement: { verdict: 'pass', reason: 'all is well' },
        requests: 900,
        picture: '/state/reports/r1/canary-10.svg',
      },
    ],
  });

  it('is shown with every metric, failures first, and the pictures of its steps', () => {
    const text = renderTree(judged('pass', 'high'), { now: AT }, plain).join('\n');
    expect(text.indexOf('✗ m1: high: numbers of m1')).toBeGreaterThan(0);
    expect(text.indexOf('✗ m1: high')).toBeLessThan(text.indexOf('✓ m0: no alarm by comparison'));
    expect(text).toContain('✓ canary at 10 %: pass: all is well');
    expect(text).toContain('/state/reports/r1/canary-10.svg');
  });

  it('is one line a step, another for a metric that begins to look worse, and none for anything else', () => {
    const first = judged('inconclusive', 'nodata');
    expect(renderEvents(first, judged('pass', 'nodata'))).toEqual([]);
    expect(renderEvents(judged('pass'), judged('high'))).toEqual(['m0: high: numbers of m0']);
    expect(renderEvents(judged('high'), judged('high'))).toEqual([]);
    expect(renderEvents(judged('pass'), { ...judged('high'), state: 'undoing' })).toEqual(['undoing']);
    expect(renderEvents({ ...first, judged: [] }, first)).toEqual(['canary at 10 %: pass: all is well']);
  });

  it('is told by the phase alone when it was the last step', () => {
    const [preflight] = RUNNING.phases;
    const canary = { ...preflight!, phase: 'canary', detail: 'at 10 %: pass: all is well' } as const;
    const before = { ...RUNNING, phases: [{ ...canary, state: 'running' as const }] };
    expect(renderEvents(before, { ...judged(), phases: [canary] })).toEqual([
      'canary done in 320 ms: at 10 %: pass: all is well',
    ]);
  });

  it('is in the last word and in the history', () => {
    const status = { ...judged('pass'), state: 'ended' as const, outcome: 'released' as const, endedAt: AT };
    expect(renderSummary(status, plain)).toContain('✓ canary at 10 %: pass: all is well');
    expect(judgedInWords(status.judged)).toBe('10 % pass');
  });

  it('is nowhere called a pass when nothing was judged', () => {
    const judgement = { verdict: 'not judged' as const, reason: 'no limits configured' };
    const bake = { ...RUNNING.phases[0]!, phase: 'bake' as const, detail: 'not judged: no limits configured' };
    const status = {
      ...RUNNING,
      judgement,
      judged: [{ name: 'bake', share: 100, judgement, requests: 0 }],
      phases: [bake],
    };
    const ended = { ...status, state: 'ended' as const, outcome: 'released' as const, endedAt: AT };
    const told = [
      renderTree(status, { now: AT }, plain).join('\n'),
      renderEvents(undefined, status).join('\n'),
      renderSummary(ended, plain),
      judgedInWords(status.judged),
      describeStatus(status),
    ];
    for (const text of told) {
      expect(text).toMatch(/not judged/i);
      expect(text).not.toMatch(/pass|judged not|judged judged/i);
    }
    expect(told[0]).toContain('  not judged: no limits configured');
    expect(told[2]).toContain('– bake: not judged: no limits configured');
    expect(told[4]).toContain('Not judged: no limits configured.');
  });

  it('stands once in the last word of a release that it failed, with what else was worse', () => {
    const status = judged('high', 'low', 'pass');
    const judgement = { ...status.judgement!, verdict: 'fail' as const, reason: 'm0: numbers of m0' };
    const step = { name: 'canary-10', share: 10, judgement, requests: 900 };
    const ended = { state: 'ended', outcome: 'rolled back', why: judgement.reason, endedAt: AT } as const;
    expect(renderSummary({ ...status, ...ended, judged: [step] }, plain).split('\n')).toEqual([
      'shop 1.3.0 → production: rolled back after 0 ms — m0: numbers of m0',
      '  nothing is live',
      '  ✗ canary at 10 %: fail',
      '    ✗ m1: low: numbers of m1',
    ]);
  });

  it('stands once, too, where the reason says more than the metric that decided', () => {
    const status = judged('high', 'low');
    const reason = 'metrics: score 0; m0: numbers of m0';
    const judgement = { ...status.judgement!, verdict: 'fail' as const, reason, decidedBy: 'm0' };
    const step = { name: 'canary-10', share: 10, judgement, requests: 900 };
    const text = renderSummary({ ...status, judged: [step], why: reason }, plain);
    expect(text).toContain('✗ m1: low: numbers of m1');
    expect(text).not.toContain('✗ m0');
  });

  it('takes no comfort from what did not alarm once something else failed the version', () => {
    const status = { ...judged('pass'), judgement: { ...judged('pass').judgement!, verdict: 'fail' as const } };
    expect(renderTree(status, { now: AT }, plain).join('\n')).toContain('· m0: no alarm by comparison: numbers of m0');
  });

  it('is in the details of the Web UI', () => {
    const text = describeStatus(judged('high'));
    expect(text).toContain('- m0: **high**: numbers of m0');
    expect(text).toContain('- canary at 10 %: pass: all is well (/state/reports/r1/canary-10.svg)');
  });
});

describe('tables', () => {
  const entry: LedgerEntry = {
    release: RUNNING.release,
    outcome: 'rolled back',
    why: 'web did not become healthy:\nlast lines of its log',
    who: 'alice',
    note: 'fix | rounding',
    git: { commit: '0123456789abcdef', branch: 'main', dirty: true },
    startedAt: AT,
    endedAt: AT + 65_000,
    phases: [],
    images: [{ service: 'web', reference: 'shop-web:1.3.0', digest: 'sha256:1', size: 104_000_000 }],
    messages: [],
    leftovers: [],
    live: null,
  };

  it('list releases with commit, size, note and the beginning of why [proves V4]', () => {
    const [heading, line] = renderHistory([entry], plain).split('\n');
    expect(heading).toMatch(/^version +outcome +started \(UTC\) +took +by +commit +images +judged +note$/);
    expect(line).toBe(
      '1.3.0    rolled back  2026-11-21 10:15:00  1 min 5 s  alice  01234567+ main  104 MB          ' +
        'fix | rounding — web did not become healthy: last lines of its log',
    );
  });

  it('are valid Markdown whatever a note holds', () => {
    const table = renderHistoryMarkdown([entry], 'Releases of shop').split('\n').slice(2, 5);
    const bars = table.map((line) => line.replace(/\\\|/g, '').split('|').length);
    expect(new Set(bars).size).toBe(1);
  });

  it('stay aligned when cells have colours', () => {
    const table = textTable(
      ['a', 'b'],
      [
        [coloured.red('long'), 'x'],
        ['s', 'y'],
      ],
    ).split('\n');
    expect(table[2]).toBe('s     y');
  });

  it('cut a line by what is seen of it, and keep its colours whole', () => {
    expect(cutLine(`${coloured.green('✓')} done`, 4)).toBe(`${coloured.green('✓')} d…`);
    expect(cutLine('short', 5)).toBe('short');
  });
});
